import { notFound } from '../errors.ts';
import type { Table } from '../ports/table.ts';
import { acceptRun } from '../run/accept/accept.ts';
import { type Clock, clockKey, timesOf } from './clock.ts';
import { type ClockDependencies, dueEntry, hasTickJobs, tickRunId } from './handover.ts';
import { hasClock, insertClock } from './sync.ts';
import { tickJob } from './tick-job.ts';
import { nextTick } from './tick-times.ts';
import { withdraw } from './withdraw.ts';

export { allClocks as listClocks } from './sync.ts';

/** Reads the clock of a task; undefined if it has none. */
export const readClock = (table: Pick<Table, 'get'>, task: string): Promise<Clock | undefined> =>
  table.get<Clock>(clockKey(task));

/**
 * Pauses a clock: its ticks make no runs. The run of a tick that is still to come is canceled. Answers the clock.
 *
 * @throws 404 `not_found`.
 */
export async function pauseClock(task: string, dependencies: ClockDependencies): Promise<Clock> {
  const { backend, now } = dependencies;
  const before = await existing(task, dependencies);
  const change = { set: { paused: true }, remove: ['nextAtMs'], due: null } as const;
  const { document } = await backend.table.update<Clock>(clockKey(task), change);
  for (const tickMs of [before.nextAtMs, document?.lastTickAtMs])
    if (tickMs !== undefined && tickMs > now()) await withdraw(tickRunId(task, tickMs), tickMs, dependencies);
  return document ?? existing(task, dependencies);
}

/**
 * Resumes a paused clock with its next tick from now on; those that passed meanwhile are neither run nor counted. Answers the clock.
 *
 * @throws 404 `not_found`.
 */
export async function resumeClock(task: string, dependencies: ClockDependencies): Promise<Clock> {
  const { backend, now } = dependencies;
  const clock = await existing(task, dependencies);
  if (!clock.paused) return clock;
  // The run of this tick may have been canceled by the pause, so that only a later tick can have one.
  const nextAtMs = await nextTick(timesOf(clock), Math.max(now(), clock.lastTickAtMs ?? 0));
  const change = {
    ...(nextAtMs === undefined ? {} : { set: { nextAtMs } }),
    remove: ['paused'],
    due: dueEntry(task, nextAtMs),
  };
  const isPaused = [{ paused: true }];
  const { document } =
    nextAtMs !== undefined && hasTickJobs(backend)
      ? await backend.updateAndSend<Clock>(clockKey(task), change, isPaused, tickJob(task, nextAtMs))
      : await backend.table.update<Clock>(clockKey(task), change, isPaused);
  return document ?? existing(task, dependencies);
}

/**
 * Makes a run of a clock's task now, beside its ticks, paused or not; answers its id.
 *
 * @throws 404 `not_found`.
 */
export async function runClock(task: string, dependencies: ClockDependencies, keyId?: string): Promise<string> {
  const { tasks, now } = dependencies;
  const described = tasks.find(({ name }) => name === task);
  if (!described?.cron) throw notFound('Clock');
  return acceptRun({ task: { ...described, keep: true }, tickMs: now(), keyId }, dependencies);
}

/** The clock as it is stored. In the first minute of a deployment it may be missing, and is stored here. */
async function existing(task: string, dependencies: ClockDependencies): Promise<Clock> {
  const { table } = dependencies.backend;
  const clock = await readClock(table, task);
  if (clock) return clock;
  const declared = dependencies.tasks.filter(hasClock).find(({ name }) => name === task);
  const stored = declared && (await insertClock(declared, dependencies)).document;
  if (!stored) throw notFound('Clock');
  return stored;
}
