import { Postponed, type Run } from '../../task/task.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import type { Permit } from '../limit/limits.ts';
import type { RunRecord } from '../run.ts';
import type { Attempt } from '../transitions.ts';
import { changeHeld } from '../transitions.ts';
import type { RunWorker } from './dependencies.ts';

/** Beyond the time-out, or beyond the last renewal: clocks differ, and the end must be written. */
const MARGIN_MS = 30_000;
const MOST_UNRENEWED_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
/** A lease that could not be renewed counts as lost so long before its end. */
const UNUSED_MS = 15_000;
/** So long before the function ends an attempt must have ended. */
const END_MS = 4_000;

/**
 * Runs an attempt of a task; with the permit of one that has limits.
 *
 * @throws Postponed if it cannot run now.
 */
export async function withPermit(
  definition: TaskDefinition,
  job: Run,
  worker: RunWorker,
  run: (attempt: Attempt, permit: Permit | undefined) => Promise<void>,
): Promise<void> {
  leaveIfLate(definition, job, worker);
  const nowMs = worker.now();
  const attempt = { attemptId: job.id, nowMs, leaseUntilMs: nowMs + leaseMs(definition) };
  const permit = await takePermit(definition, attempt, worker);
  try {
    await run(attempt, permit);
  } finally {
    await permit?.release();
  }
}

/** An attempt that could be cut off by the end of the function is left to another one. */
function leaveIfLate({ description }: TaskDefinition, job: Run, { now }: Pick<RunWorker, 'now'>): void {
  const leftMs = job.stopsAtMs - now();
  if (leftMs >= description.timeoutSeconds * 1_000 + END_MS) return;
  throw new Postponed('the function ends before the time-out of the task', Math.min(30, Math.max(1, leftMs / 1_000)));
}

/** How long a claim of this task holds: after a crash the run waits for no longer. */
const leaseMs = ({ description }: Pick<TaskDefinition, 'description'>): number =>
  Math.min(description.timeoutSeconds * 1_000, MOST_UNRENEWED_MS) + MARGIN_MS;

/** Takes a slot and a permit for a task with limits. @throws Postponed if there is none. */
async function takePermit(
  { description }: TaskDefinition,
  { attemptId, leaseUntilMs }: Attempt,
  { limits }: Pick<RunWorker, 'limits'>,
): Promise<Permit | undefined> {
  if (!limits || (description.rateLimit === undefined && description.concurrency === undefined)) return undefined;
  const taken = await limits.take(description, { attemptId, leaseUntilMs });
  if ('waitMs' in taken)
    throw new Postponed('the rate or the concurrency of the task is used up', taken.waitMs / 1_000);
  return taken;
}

/** Renews the lease of a run that may take longer than that; `onLost` is told what to call when the claim is lost. */
export function keepLease(
  run: RunRecord,
  definition: TaskDefinition,
  permit: Permit | undefined,
  { backend: { table }, now, after, log }: RunWorker,
): { readonly onLost: (lose: () => void) => void; readonly stop: () => void } {
  if (definition.description.timeoutSeconds * 1_000 <= MOST_UNRENEWED_MS) return { onLost: () => {}, stop: () => {} };
  let lose = () => {};
  let heldUntilMs = run.leaseUntilMs ?? 0;
  const renew = async () => {
    const leaseUntilMs = now() + leaseMs(definition);
    try {
      const [held] = await Promise.all([changeHeld(table, run, { leaseUntilMs }), permit?.renew?.(leaseUntilMs)]);
      if (held) heldUntilMs = leaseUntilMs;
      else lose();
    } catch (error) {
      log.warn('the lease of a run could not be renewed', { runId: run.id, error });
      if (now() > heldUntilMs - UNUSED_MS) lose();
    }
  };
  let stopTimer = () => {};
  let stopped = false;
  const wait = () => {
    stopTimer = after(RENEW_EVERY_MS, async () => {
      await renew();
      if (!stopped) wait();
    });
  };
  wait();
  return {
    onLost: (its) => {
      lose = its;
    },
    stop: () => {
      stopped = true;
      stopTimer();
    },
  };
}
