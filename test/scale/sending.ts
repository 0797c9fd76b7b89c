import { listEntry, recordKey } from '../../functions/core/email/record.ts';
import { claim, markSent } from '../../functions/core/email/transitions.ts';
import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { createSending } from '../../functions/core/pacing/sending-state.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import { requeueUnclaimed } from '../../functions/core/schedule/sweep.ts';
import { backoffSeconds, emailRetry } from '../../functions/core/task/retry.ts';
import { Postponed } from '../../functions/core/task/task.ts';
import { cpuShare, SEND_CPU_MS } from '../../lib/lambda-cpu.ts';
import { BATCH_SIZE } from '../../lib/queues.ts';
import { randomFrom } from '../helpers/random-text.ts';
import { createSimulatedTime, type SimulatedTime } from '../helpers/simulated-time.ts';
import { createFeedback } from './feedback.ts';
import type { Load } from './loads.ts';
import { createMeteredTable } from './metered-table.ts';
import { createCpu, recordOf } from './parts.ts';

/** The numbers of a run. */
export interface Outcome {
  readonly emailsPerHour: number;
  /** The share of SES's rate that was used, 0 to 1. */
  readonly share: number;
  readonly sesThrottles: number;
  /** From the accept of a transactional email to SES, beside the bulk; seconds, of 95 %. */
  readonly transactionalWaitP95: number;
  /** Write units in the busiest second. */
  readonly tableUnits: number;
  readonly listShardUnits: number;
  readonly slotUnits: number;
  readonly tableThrottles: number;
  readonly sendFunctions: number;
  readonly feedbackFunctions: number;
  /** The oldest event of SES that was recorded, in seconds. */
  readonly eventAge: number;
  readonly failed: number;
  readonly duplicated: number;
  /** Emails without a job, and how many of them the sweep found, so that they were sent. */
  readonly jobsLost: number;
  readonly jobsFound: number;
  /** Emails that had a job and got a second one from the sweep. */
  readonly jobsDoubled: number;
}

const START_MS = Date.parse('2026-11-21T12:00:00Z');
/** SQS: one receive or delete. */
const QUEUE_MS = 15;
/** Emails that SES does not take at the first try, for a reason that a retry mends. */
const OUTAGES = 0.001;
/** An event source mapping begins with 5 functions, and adds 300 a minute. */
const FIRST_FUNCTIONS = 5;
const MORE_A_SECOND = 5;
/** Transactional emails a second beside the bulk. */
const TRANSACTIONAL_A_SECOND = 1;

/** The bulk that waits from the start, in seconds of the rate, and its age: the sweep examines it. */
const BACKLOG_SECONDS = 10;
const BACKLOG_AGE_MS = 20 * 60_000;
/** The job of one email in so many of the backlog was lost. */
const EMAILS_PER_LOST_JOB = 100;
/** The sweep runs once a minute, the first time after so many seconds. */
const FIRST_SWEEP_MS = 20_000;
const MINUTE_MS = 60_000;
/** The part of the minute in which it begins no page. */
const SWEEP_MARGIN_MS = 5_000;

interface Job {
  readonly id: string;
  readonly attempt: number;
  readonly acceptedAtMs: number;
}
type Queue = 'transactional' | 'bulk';

/** Runs minutes of a deployment under load, in simulated time. */
export async function simulate(load: Load, seed = 1): Promise<Outcome> {
  const random = randomFrom(seed);
  const time = createSimulatedTime({ startMs: START_MS, wholeMs: true });
  const capacity = { tableUnits: load.tableUnits, keyUnits: 1_000 };
  const table = createMeteredTable(time, load.indexShards, capacity, random);
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const account = { quota: async () => ({ ratePerSecond: load.ratePerSecond, max24Hours: -1, sent24Hours: 0 }) };
  await startSchedule();
  const ses = createSes(load.ratePerSecond, time);
  const feedback = createFeedback(load, time, table, random);
  const jobs: Record<Queue, Job[]> = { transactional: [], bulk: [] };
  const running: Record<Queue, number> = { transactional: 0, bulk: 0 };
  const lost = new Set<string>();
  const given: string[] = [];
  const sentAtMs: number[] = [];
  const waits: number[] = [];
  const sends = new Map<string, number>();
  let [emails, functions, mostFunctions, failed] = [0, 0, 0, 0];
  const measuredFromMs = START_MS + load.rampSeconds * 1_000;
  const endMs = START_MS + load.seconds * 1_000;

  async function startSchedule(): Promise<void> {
    const refreshing = createSending({ table, account, now: time.now, random, log }).refresh();
    await time.runUntil(START_MS + 1_000);
    await refreshing;
  }

  const accept = async (queue: Queue, count: number) => {
    for (let left = count; left > 0; left--) {
      const record = recordOf(`${++emails}`.padStart(9, '0'), queue, time.now());
      // The body is one more unit.
      const stored = { key: recordKey(record.id), fields: record, list: listEntry(record) };
      void Promise.all([table.insert(stored), table.insert({ key: `body#${record.id}`, fields: {} })]).then(() =>
        jobs[queue].push({ id: record.id, attempt: 1, acceptedAtMs: record.createdAtMs }),
      );
    }
  };

  /** A send function: it takes batches until nothing is left. */
  const run = async (queue: Queue) => {
    const sending = createSending({ table, account, now: time.now, random, log });
    const clock = createSlotClock(table, 'ses', time.now);
    const pacer = createPacer({ clock, rate: sending.rate, now: time.now, random, wait: time.wait });
    const cpu = createCpu(SEND_CPU_MS / cpuShare(load.sendMemoryMb), time);
    const sendOne = async ({ id, attempt, acceptedAtMs }: Job) => {
      const untilMs = time.now() + 30_000;
      let turn = await pacer.reserve(queue, 1, untilMs);
      const claimed = { runId: `${id}-${attempt}`, attempt, nowMs: time.now(), leaseUntilMs: time.now() + 62_000 };
      if (!(await claim(table, { id, fingerprint: 'f' }, claimed)).applied) return;
      await cpu();
      await pacer.arrive(turn, untilMs);
      while (!ses.take()) turn = await pacer.afterThrottle(turn, untilMs).then(() => turn);
      const startedMs = time.now();
      await time.wait(50 + 100 * random());
      if (random() < OUTAGES) return void retry({ id, attempt, acceptedAtMs });
      sentAtMs.push(startedMs);
      sends.set(id, (sends.get(id) ?? 0) + 1);
      if (queue === 'transactional') waits.push(startedMs - acceptedAtMs);
      feedback.sent(id, startedMs);
      await markSent(table, id, `m-${id}`, time.now());
    };
    const retry = async ({ id, attempt, acceptedAtMs }: Job) => {
      await table.update(recordKey(id), { set: { status: 'queued' } });
      if (attempt >= emailRetry.maxAttempts) failed++;
      await time.wait(1_000 * backoffSeconds(emailRetry, attempt, random));
      jobs[queue].push({ id, attempt: attempt + 1, acceptedAtMs });
    };
    const postponed = (job: Job) => (error: unknown) => {
      if (!(error instanceof Postponed)) throw error;
      void time.wait(1_000 * error.delaySeconds).then(() => jobs[queue].push(job));
    };
    for (;;) {
      await time.wait(QUEUE_MS);
      const batch = jobs[queue].splice(0, BATCH_SIZE);
      // Long polling holds a function only while there are jobs.
      if (batch.length === 0) return;
      functions++;
      mostFunctions = Math.max(mostFunctions, functions);
      running[queue] += batch.length;
      // A retry or a postponed job waits on the queue, not in the function.
      await Promise.all(batch.map((job) => sendOne(job).catch(postponed(job))));
      functions--;
      running[queue] -= batch.length;
      await time.wait(QUEUE_MS);
    }
  };

  /** The real sweep: it must give a job to those whose job was lost, and no second one to those that wait. */
  const sweepEachMinute = async () => {
    const give: Backend['broker']['send'] = async (outgoing) => {
      await time.wait(QUEUE_MS);
      for (const { queue, job } of outgoing) {
        const { id } = job.args as { id: string };
        given.push(id);
        jobs[queue as Queue].push({ id, attempt: 1, acceptedAtMs: time.now() });
      }
    };
    const backend = { table, broker: { send: give } } as unknown as Backend;
    const backlog = async (queue: string) => ({ jobs: jobs[queue as Queue].length + running[queue as Queue] });
    const metrics = { count: () => {}, sendLatency: () => {} };
    await time.wait(FIRST_SWEEP_MS);
    for (; time.now() < endMs; await time.wait(MINUTE_MS)) {
      const deadlineMs = time.now() + MINUTE_MS - SWEEP_MARGIN_MS;
      await requeueUnclaimed({ backend, backlog, now: time.now, log, metrics, deadlineMs });
    }
  };

  const map = (queue: Queue, most: number) => {
    let open = 0;
    const poll = async () => {
      for (const startMs = time.now(); time.now() < endMs; await time.wait(20)) {
        const allowed = FIRST_FUNCTIONS + ((time.now() - startMs) / 1_000) * MORE_A_SECOND;
        while (open < Math.min(most, Math.floor(allowed)) && jobs[queue].length > open * BATCH_SIZE * 0.5) {
          open++;
          void run(queue).finally(() => open--);
        }
      }
    };
    void poll();
  };
  const acceptAll = async () => {
    for (let tick = 0; time.now() < endMs; tick++, await time.wait(100)) {
      const [before, after] = [tick, tick + 1].map((ticks) => Math.floor((ticks * load.ratePerSecond) / 10));
      await accept('bulk', (after ?? 0) - (before ?? 0));
      if (tick % (10 / TRANSACTIONAL_A_SECOND) === 3) await accept('transactional', 1);
    }
  };
  for (let left = load.ratePerSecond * Math.min(BACKLOG_SECONDS, load.seconds); left > 0; left--) {
    const record = recordOf(`${++emails}`.padStart(9, '0'), 'bulk', time.now() - BACKLOG_AGE_MS);
    await table.preload({ key: recordKey(record.id), fields: record, list: listEntry(record) });
    if (left % EMAILS_PER_LOST_JOB === 0) lost.add(record.id);
    else jobs.bulk.push({ id: record.id, attempt: 1, acceptedAtMs: record.createdAtMs });
  }
  void acceptAll();
  void sweepEachMinute();
  map('transactional', load.maxConcurrency);
  map('bulk', load.bulkMaxConcurrency);
  await time.runUntil(endMs);

  const measured = sentAtMs.filter((atMs) => atMs >= measuredFromMs).length;
  const perSecond = measured / (load.seconds - load.rampSeconds);
  return {
    emailsPerHour: Math.round(perSecond * 3_600),
    share: perSecond / load.ratePerSecond,
    sesThrottles: ses.refused(),
    transactionalWaitP95: percentile(waits, 0.95) / 1_000,
    tableUnits: table.peak('table'),
    listShardUnits: table.peakOfList(),
    slotUnits: table.peak('slots#ses'),
    tableThrottles: table.throttled(),
    sendFunctions: mostFunctions,
    feedbackFunctions: feedback.functions(),
    eventAge: feedback.oldestMs() / 1_000,
    failed,
    duplicated: [...sends.values()].filter((count) => count > 1).length,
    jobsLost: lost.size,
    jobsFound: given.filter((id) => lost.has(id) && sends.has(id)).length,
    jobsDoubled: given.filter((id) => !lost.has(id)).length,
  };
}

/** SES's limiter: a bucket of a second's rate, which one message may overdraw. */
export function createSes(ratePerSecond: number, time: SimulatedTime) {
  let [tokens, atMs, refused] = [ratePerSecond, time.now(), 0];
  return {
    take: (): boolean => {
      tokens = Math.min(ratePerSecond, tokens + ((time.now() - atMs) * ratePerSecond) / 1_000);
      atMs = time.now();
      if (tokens < 1) {
        refused++;
        return false;
      }
      tokens--;
      return true;
    },
    refused: () => refused,
  };
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
