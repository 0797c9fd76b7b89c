import type { TaskDescription } from '../../../../functions/core/run/definition/manifest.ts';
import { createTaskLimits } from '../../../../functions/core/run/limit/task-limits.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { createSimulatedTime } from '../../../helpers/simulated-time.ts';
import { createTableMeter } from '../../../helpers/table-meter.ts';

export interface LimitScenario {
  readonly task: Pick<TaskDescription, 'rateLimit' | 'concurrency'>;
  readonly runs: number;
  /** The length of a run, ms; called for each. */
  readonly lengthMs: (run: number) => number;
  /** Processes, whose clocks are up to `skewMs` before or behind. */
  readonly workers?: number;
  readonly skewMs?: number;
  /** A run that crashes keeps its permit. */
  readonly crashes?: (run: number) => boolean;
  readonly untilMs?: number;
}

export interface LimitResult {
  /** When each run began and ended, ms from the beginning, in the order of the begins. */
  readonly runs: { readonly beganMs: number; readonly endedMs: number }[];
  readonly mostAtOnce: number;
  /** Messages that postponed a run. */
  readonly postponed: number;
  readonly mostPostponedInASecond: number;
  readonly writes: number;
}

const LEASE_MS = 90_000;

/** A numeric sequence that is the same each time, from 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Runs of one task, all accepted at once, on a queue that is late by up to a second. */
export async function simulateLimits(scenario: LimitScenario): Promise<LimitResult> {
  const { runs, lengthMs, workers = 20, skewMs = 1_000, crashes = () => false } = scenario;
  const task = { name: 'a.task', ...scenario.task };
  const time = createSimulatedTime({ wholeMs: true });
  const startMs = time.now();
  const meter = createTableMeter(createMemoryBackend({ now: time.now }).table);
  const random = createRandom(7);
  const processes = Array.from({ length: workers }, (_, index) => {
    const skew = workers === 1 ? 0 : skewMs * ((2 * index) / (workers - 1) - 1);
    const now = () => time.now() + skew;
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    return { now, limits: createTaskLimits({ table: meter.table, now, random, wait: time.wait, log }) };
  });
  const began: { beganMs: number; endedMs: number }[] = [];
  const postponedIn = new Map<number, number>();
  let atOnce = 0;
  let mostAtOnce = 0;
  let postponed = 0;

  const one = async (run: number) => {
    for (;;) {
      const worker = processes[Math.floor(random() * workers)] as (typeof processes)[number];
      const attempt = { attemptId: String(run), leaseUntilMs: worker.now() + LEASE_MS };
      const taken = await worker.limits.take(task, attempt);
      if ('waitMs' in taken) {
        postponed++;
        const second = Math.floor((time.now() - startMs) / 1_000);
        postponedIn.set(second, (postponedIn.get(second) ?? 0) + 1);
        await time.wait(taken.waitMs + random() * 1_000);
        continue;
      }
      const record = { beganMs: time.now() - startMs, endedMs: Number.POSITIVE_INFINITY };
      began.push(record);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      const endMs = time.now() + lengthMs(run);
      // The lease is renewed while the run lives.
      for (; time.now() < endMs; await taken.renew?.(worker.now() + LEASE_MS))
        await time.wait(Math.min(20_000, endMs - time.now()));
      atOnce--;
      record.endedMs = time.now() - startMs;
      if (!crashes(run)) await taken.release();
      return;
    }
  };
  const all = Promise.all(Array.from({ length: runs }, (_, run) => one(run)));
  if (scenario.untilMs === undefined) await time.run(all);
  else await time.runUntil(startMs + scenario.untilMs);
  // The first seconds show the accept, not the waiting.
  const later = [...postponedIn].filter(([second]) => second > 5).map(([, count]) => count);
  return {
    runs: began,
    mostAtOnce,
    postponed,
    mostPostponedInASecond: Math.max(0, ...later),
    writes: [...meter.calls].reduce((sum, [name, count]) => sum + (name.startsWith('update') ? count : 0), 0),
  };
}

/** The share of `concurrency` that was busy from the beginning until the last `tail` runs began. */
export function utilization({ runs }: LimitResult, concurrency: number, tail: number): number {
  const untilMs = runs[runs.length - 1 - tail]?.beganMs ?? 0;
  const busyMs = runs.reduce((sum, { beganMs, endedMs }) => sum + Math.max(0, Math.min(endedMs, untilMs) - beganMs), 0);
  return busyMs / (concurrency * untilMs);
}
