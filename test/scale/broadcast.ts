import { updateThenSend } from '../../functions/adapters/aws/backend.ts';
import { type Broadcast, broadcastKey } from '../../functions/core/broadcast/broadcast.ts';
import { readCounts } from '../../functions/core/broadcast/counting/progress.ts';
import { recountBroadcast } from '../../functions/core/broadcast/counting/recount.ts';
import type { Chunk } from '../../functions/core/broadcast/delivery/chunk.ts';
import { createChunkGate } from '../../functions/core/broadcast/delivery/chunk-gate.ts';
import { deliver } from '../../functions/core/broadcast/delivery/deliver.ts';
import { fanOut } from '../../functions/core/broadcast/delivery/fan-out.ts';
import { guard } from '../../functions/core/broadcast/delivery/guard.ts';
import { createBroadcastReader } from '../../functions/core/broadcast/delivery/reader.ts';
import { emailIdOf } from '../../functions/core/broadcast/delivery/recipient.ts';
import { sendBroadcast } from '../../functions/core/broadcast/lifecycle.ts';
import { createBroadcast } from '../../functions/core/broadcast/store.ts';
import { type BroadcastDependencies, broadcastTasks } from '../../functions/core/broadcast/tasks.ts';
import { recordKey } from '../../functions/core/email/record.ts';
import { createClaims } from '../../functions/core/email/send/claims.ts';
import { newId } from '../../functions/core/ids.ts';
import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { OutgoingMessage } from '../../functions/core/ports/mailer.ts';
import type { Change, Condition, Document, NewDocument, Table } from '../../functions/core/ports/table.ts';
import { Postponed } from '../../functions/core/task/task.ts';
import { createWorker } from '../../functions/core/task/worker.ts';
import { cpuShare, SEND_CPU_MS } from '../../lib/lambda-cpu.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';
import { randomFrom } from '../helpers/random-text.ts';
import { createRecordedMetrics } from '../helpers/recorded-metrics.ts';
import { createSimulatedTime } from '../helpers/simulated-time.ts';
import { createSimulatedQueue } from '../pacing/simulated-queue.ts';
import { numberIn, SEGMENT_ID, withHugeSegment } from './huge-segment.ts';
import { createMeteredTable, type MeteredTable } from './metered-table.ts';
import { createCpu } from './parts.ts';
import { createSes } from './sending.ts';

/** A broadcast to one segment, and the deployment that sends it. */
export interface BroadcastLoad {
  readonly recipients: number;
  /** SES's rate, recipients a second. */
  readonly ratePerSecond: number;
  readonly bulkMaxConcurrency: number;
  readonly sendMemoryMb: number;
  readonly tableUnits: number;
  /** A function is killed once in so many emails, on average; absent: never. */
  readonly emailsPerKill?: number;
  /** Called ten times, each after a tenth of the emails. */
  readonly onTenth?: (tenth: number) => void;
}

export interface BroadcastOutcome {
  readonly sent: number;
  readonly twice: number;
  readonly lost: number;
  /** `sent` of the broadcast's counters at its end. */
  readonly counted: number;
  readonly status: string;
  readonly killed: number;
  readonly sesThrottles: number;
  /** Until the last email, simulated. */
  readonly minutes: number;
  readonly firstEmailSeconds: number;
  /** The share of SES's rate that was used until 90 % were sent: the chunks of killed functions come back after six minutes, 0 to 1. */
  readonly share: number;
  /** Most recipients in chunks that were not sent. */
  readonly mostAhead: number;
  /** Most jobs on the queue. */
  readonly mostJobs: number;
  /** Write units in the busiest second. */
  readonly tableUnits: number;
  readonly slotUnits: number;
  /** Writes of the whole broadcast for each email, without those of events. */
  readonly unitsAnEmail: number;
}

const START_MS = Date.parse('2026-11-21T12:00:00Z');
const TIMEOUT_MS = 60_000;
const VISIBILITY_MS = 6 * TIMEOUT_MS;
const RETENTION_MS = 30 * 86_400_000;
const log = { info: () => {}, warn: () => {}, error: () => {} };

/** Sends one broadcast in simulated time: the real fan-out, delivery, pacer and claims, on queues and a table in memory. */
export async function simulateBroadcast(load: BroadcastLoad, seed = 1): Promise<BroadcastOutcome> {
  const { recipients, ratePerSecond, emailsPerKill = Number.POSITIVE_INFINITY, onTenth } = load;
  const random = randomFrom(seed);
  const time = createSimulatedTime({ startMs: START_MS, wholeMs: true });
  const capacity = { tableUnits: load.tableUnits, keyUnits: 1_000 };
  const metered = createMeteredTable(time, 4, capacity, random);
  const table = forgetting(withHugeSegment(metered, recipients, START_MS - 86_400_000), metered);
  const queues = {
    transactional: createSimulatedQueue('transactional', time),
    bulk: createSimulatedQueue('bulk', time),
  };
  const broker: Backend['broker'] = {
    send: async (jobs) => {
      await time.wait(15);
      for (const queue of ['transactional', 'bulk'] as const)
        await queues[queue].send(jobs.filter((job) => job.queue === queue));
    },
  };
  const memory = createMemoryBackend({ now: time.now });
  const backend: Backend = { ...memory, table, broker, updateAndSend: updateThenSend({ table, broker }) };
  const ses = createSes(ratePerSecond, time);
  const times = new Uint8Array(recipients);
  let [sent, killed, firstAtMs, lastAtMs, mostAhead, mostJobs, mostAtMs] = [0, 0, 0, 0, 0, 0, 0];

  const take = ({ destinations: [to = ''] }: OutgoingMessage) => {
    const n = numberIn(to);
    times[n] = (times[n] ?? 0) + 1;
    lastAtMs = time.now();
    if (sent++ === 0) firstAtMs = lastAtMs;
    if (sent === Math.floor(recipients * 0.9)) mostAtMs = lastAtMs;
    if (sent % Math.ceil(recipients / 10) === 0) onTenth?.(Math.round((10 * sent) / recipients));
  };

  /** The ports of one invocation: after a kill none of its calls has an effect. */
  const invocation = () => {
    let dead = false;
    const death = Promise.withResolvers<void>();
    /** Emails that SES has taken and that have no record. */
    const unrecorded = new Set<string>();
    const sendEvent = async (emailId: string) => {
      await time.wait(1_000);
      await metered.insert({ key: recordKey(emailId), fields: { status: 'sent', messageId: 'm' } });
    };
    const kill = () => {
      dead = true;
      killed++;
      for (const emailId of unrecorded) void sendEvent(emailId);
      death.resolve();
    };
    const guard = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, property, receiver) => {
          const method = Reflect.get(target, property, receiver);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            if (dead) throw new Error('killed');
            const answer = await method.apply(target, args);
            if (dead) throw new Error('killed');
            return answer;
          };
        },
      });
    const mailer = {
      send: async (message: OutgoingMessage) => {
        if (dead) throw new Error('killed');
        while (!ses.take()) await time.wait(50);
        await time.wait(50 + 100 * random());
        take(message);
        if (dead) void sendEvent(message.emailId);
        else unrecorded.add(message.emailId);
        if (!dead && random() < 1 / emailsPerKill) kill();
        if (dead) throw new Error('killed');
        return `m-${sent}`;
      },
    };
    const recording: Table = {
      ...table,
      insert: async <T extends Document>(document: NewDocument) => {
        const outcome = await table.insert<T>(document);
        if (document.key.startsWith('email#')) unrecorded.delete(document.key.slice('email#'.length));
        return outcome;
      },
    };
    return { death: death.promise, table: guard(recording), broker: guard(broker), mailer };
  };

  const newFunction = () => {
    const cpu = createCpu(SEND_CPU_MS / cpuShare(load.sendMemoryMb), time);
    const clock = createSlotClock(metered, 'ses', time.now);
    const gate = createChunkGate(time.now, time.wait);
    const pacer = createPacer({ clock, rate: async () => ratePerSecond, now: time.now, random, wait: time.wait });
    return ({ table, broker, mailer }: ReturnType<typeof invocation>) => {
      const reader = createBroadcastReader({
        ...{ table, properties: async () => [], toText: async () => undefined, footer: true, now: time.now },
      });
      const claims = createClaims({ table, now: time.now, log });
      const own: Backend = { ...backend, table, broker, updateAndSend: updateThenSend({ table, broker }) };
      const send = {
        ...{ table, broker, mailer, pacer, claims, metrics: createRecordedMetrics(), publish: async () => {} },
        sending: { hold: async (_cause: unknown, reason: string) => new Postponed(reason, 60), sent: async () => {} },
        compose: async () => {
          await cpu();
          return new Uint8Array();
        },
      };
      const dependencies: BroadcastDependencies & { claims: typeof claims } = {
        claims,
        broadcasts: async () => ({
          ...{ fanOut, guard, deliver, recountBroadcast },
          dependencies: {
            ...{ ...send, backend: own, reader, gate, retentionMs: RETENTION_MS },
            unsubscribe: async () => ({ url: 'https://example.com/u', headers: {} }),
            pace: async () => ({ ratePerSecond, held: false }),
          },
        }),
      };
      return createWorker({
        ...{ tasks: broadcastTasks, dependencies, broker, log, concurrency: 10, now: time.now, random },
      });
    };
  };

  const run = async (name: keyof typeof queues) => {
    const queue = queues[name];
    let worker = newFunction();
    for (let deliveries = await queue.receive(); deliveries; deliveries = await queue.receive()) {
      const ports = invocation();
      const untilMs = time.now() + TIMEOUT_MS;
      const all = deliveries.map(({ id }) => id);
      let died = false;
      const failed = await Promise.race([
        worker(ports)(deliveries, () => untilMs).catch(() => all),
        ports.death.then(() => {
          died = true;
          return all;
        }),
      ]);
      queue.settle(deliveries, failed, VISIBILITY_MS);
      if (died) worker = newFunction();
    }
  };
  void run('transactional');
  for (let number = 0; number < load.bulkMaxConcurrency; number++) void run('bulk');

  const dependencies = { backend, now: time.now, newId, retentionMs: RETENTION_MS };
  const content = { subject: 'News for {{{FIRST_NAME|you}}}', html: '<p>Hello {{{FIRST_NAME|you}}}</p>' };
  const from = 'News <news@example.com>';
  const { id } = await time.run(createBroadcast({ from, segmentId: SEGMENT_ID, content }, dependencies));
  await time.run(sendBroadcast(id, {}, dependencies));
  const calledAtMs = time.now();
  const state = () => time.run(table.get<Broadcast>(broadcastKey(id)));
  let broadcast = await state();
  const endMs = calledAtMs + (recipients / ratePerSecond) * 2_000 + 8 * VISIBILITY_MS;
  while (broadcast?.status === 'queued' && time.now() < endMs) {
    await time.runUntil(time.now() + 1_000);
    broadcast = await state();
    mostAhead = Math.max(mostAhead, (broadcast?.taken ?? 0) - sent);
    mostJobs = Math.max(mostJobs, queues.bulk.size);
  }
  const counts = await time.run(readCounts(table, id));
  for (const queue of Object.values(queues)) queue.close();
  const reached = times.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return {
    sent: reached,
    twice: times.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0),
    lost: recipients - reached,
    counted: counts.sent,
    status: broadcast?.status ?? 'gone',
    killed,
    sesThrottles: ses.refused(),
    minutes: (lastAtMs - calledAtMs) / 60_000,
    firstEmailSeconds: (firstAtMs - calledAtMs) / 1_000,
    share: (recipients * 0.9) / ((mostAtMs - firstAtMs) / 1_000) / ratePerSecond,
    mostAhead,
    mostJobs,
    tableUnits: metered.peak('table'),
    slotUnits: metered.peak('slots#ses'),
    unitsAnEmail: metered.totalUnits() / recipients,
  };
}

/** Forgets the recipients of a chunk that is done, and the records of their emails: ten million of them do not fit in memory. */
function forgetting(table: Table, metered: MeteredTable): Table {
  return {
    ...table,
    update: async <T extends Document>(key: string, change: Change, anyOf?: readonly Condition[]) => {
      const outcome = await table.update<T>(key, change, anyOf);
      if (!outcome.applied || change.set?.doneAtMs === undefined || !key.startsWith('broadcast-chunk#')) return outcome;
      const chunk = outcome.document as unknown as Chunk;
      for (const recipient of chunk.recipients) metered.forget(recordKey(emailIdOf(chunk.broadcastId, recipient)));
      metered.forget(key);
      await metered.preload({ key, fields: { ...chunk, recipients: [] } });
      return outcome;
    },
  };
}
