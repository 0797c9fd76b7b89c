import { documentsOf, entryPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { derivedId } from '../ids.ts';
import type { Backend } from '../ports/backend.ts';
import type { Change } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import { acceptRun } from '../run/accept/accept.ts';
import type { TaskDescription } from '../run/definition/manifest.ts';
import { CLOCK_PARTITION, type Clock, clockKey, timesOf } from './clock.ts';
import { tickJob } from './tick-job.ts';
import { nextTick } from './tick-times.ts';
import { withdraw } from './withdraw.ts';

export interface ClockDependencies {
  /** Where the runs are: with `backend=redis` that of the tasks. */
  readonly backend: Pick<Backend, 'table' | 'bodies' | 'broker' | 'submit' | 'updateAndSend' | 'delayHorizonMs'>;
  /** The tasks of the deployment. */
  readonly tasks: readonly TaskDescription[];
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: Logger;
}

/** A missed tick that is at most so late still makes a run, if it is the last one missed. */
export const MISSED_MS = 3_600_000;
/** The schedule looks once a minute, and may be late by half of one. */
const AHEAD_MS = 90_000;
/** So many missed ticks are counted; more are not worth the time. */
const MOST_COUNTED = 1_000;
const PAGE = 100;

/** True where the broker delays for any time: each clock has a job for its next tick. */
export const hasTickJobs = ({ delayHorizonMs }: Pick<Backend, 'delayHorizonMs'>): boolean =>
  delayHorizonMs === Number.POSITIVE_INFINITY;

/** Makes the runs of all clocks that are due within the next minute, each with its exact delay; answers how many. */
export async function handOverClocks(
  dependencies: ClockDependencies & { readonly deadlineMs: number },
): Promise<number> {
  const { backend, now, log, deadlineMs } = dependencies;
  const aheadMs = hasTickJobs(backend) ? 0 : AHEAD_MS;
  const before = timeSort(now() + aheadMs, '~');
  const query = { index: 'due', partition: CLOCK_PARTITION, order: 'ascending', limit: PAGE, before } as const;
  let count = 0;
  for await (const entries of entryPages(backend.table, query)) {
    for (const clock of await documentsOf<Clock>(backend.table, entries)) {
      if (now() >= deadlineMs) return count;
      // One that fails must not stop the others.
      count += await handOverClock(clock, aheadMs, dependencies).catch((error: unknown) => {
        log.error('a clock was not handed over', { task: clock.task, error });
        return 0;
      });
    }
  }
  return count;
}

/** Makes the run of the tick that is due now; called by the job of the tick. */
export async function handOverTick(task: string, dependencies: ClockDependencies): Promise<number> {
  const clock = await dependencies.backend.table.get<Clock>(clockKey(task));
  return clock ? handOverClock(clock, 0, dependencies) : 0;
}

/**
 * Makes the runs of the clock's ticks until `aheadMs` from now; answers how many. A tick has one run however often this is
 * called: the run's id is derived from the tick, and it exists before the clock moves on.
 */
export async function handOverClock(found: Clock, aheadMs: number, dependencies: ClockDependencies): Promise<number> {
  const { backend, tasks, now, log } = dependencies;
  const task = tasks.find(({ name }) => name === found.task);
  // The task is in another version of the code.
  if (!task) return 0;
  let clock: Clock | undefined = found;
  let count = 0;
  while (clock?.nextAtMs !== undefined && !clock.paused && clock.nextAtMs <= now() + aheadMs) {
    const { nextAtMs } = clock as Clock & { readonly nextAtMs: number };
    const due: DueTick = await dueTickOf(clock, nextAtMs, now());
    const runId = due.tickMs === undefined ? undefined : await acceptTick(task, due.tickMs, dependencies);
    const { applied, document } = await move(clock, nextAtMs, due, runId, backend);
    if (due.skipped > 0 && applied)
      log.warn('missed ticks of a clock were skipped', { task: clock.task, ticks: due.skipped });
    if (runId !== undefined && applied) count++;
    if (runId !== undefined && document?.paused) await withdraw(runId, due.tickMs ?? 0, dependencies);
    clock = document;
  }
  return count;
}

/** The tick to run, if any, the number of those that are skipped, and the tick after them. */
interface DueTick {
  readonly tickMs?: number;
  readonly skipped: number;
  readonly nextMs: number | undefined;
}

/** Only the last missed tick runs, if it is not too late. */
async function dueTickOf(clock: Clock, firstMs: number, nowMs: number): Promise<DueTick> {
  const times = timesOf(clock);
  if (firstMs > nowMs) return { tickMs: firstMs, skipped: 0, nextMs: await nextTick(times, firstMs) };
  let missed = 0;
  let lastMs: number | undefined;
  let nextMs: number | undefined = firstMs;
  const oldestMs = nowMs - MISSED_MS;
  for (; nextMs !== undefined && nextMs < oldestMs && missed < MOST_COUNTED; nextMs = await nextTick(times, nextMs))
    missed++;
  if (nextMs !== undefined && nextMs < oldestMs) nextMs = await nextTick(times, oldestMs - 1);
  for (; nextMs !== undefined && nextMs <= nowMs; nextMs = await nextTick(times, nextMs)) {
    missed++;
    lastMs = nextMs;
  }
  return {
    ...(lastMs === undefined ? {} : { tickMs: lastMs }),
    skipped: missed - (lastMs === undefined ? 0 : 1),
    nextMs,
  };
}

/** The run of a tick has this id. */
export const tickRunId = (task: string, tickMs: number): string => derivedId('clock', task, String(tickMs));

/** Its record is kept whatever the task says: it is what makes the tick unique. */
function acceptTick(task: TaskDescription, tickMs: number, dependencies: ClockDependencies): Promise<string> {
  const dueAtMs = tickMs > dependencies.now() ? tickMs : undefined;
  return acceptRun({ task: { ...task, keep: true }, id: tickRunId(task.name, tickMs), tickMs, dueAtMs }, dependencies);
}

/** Moves the clock to its next tick, unless another has moved or paused it. */
function move(
  { task }: Clock,
  fromMs: number,
  { tickMs, skipped, nextMs }: DueTick,
  runId: string | undefined,
  backend: ClockDependencies['backend'],
) {
  const change: Change = {
    set: {
      ...(nextMs === undefined ? {} : { nextAtMs: nextMs }),
      ...(tickMs === undefined || runId === undefined ? {} : { lastTickAtMs: tickMs, lastRunId: runId }),
    },
    ...(nextMs === undefined ? { remove: ['nextAtMs'] } : {}),
    ...(skipped > 0 ? { add: { skipped } } : {}),
    due: dueEntry(task, nextMs),
  };
  const unmoved = [{ nextAtMs: fromMs, paused: { exists: false } }];
  return nextMs !== undefined && hasTickJobs(backend)
    ? backend.updateAndSend<Clock>(clockKey(task), change, unmoved, tickJob(task, nextMs))
    : backend.table.update<Clock>(clockKey(task), change, unmoved);
}

/** The place of a clock in the index of those to look at. */
export const dueEntry = (task: string, nextAtMs: number | undefined) =>
  nextAtMs === undefined ? null : { partition: CLOCK_PARTITION, sort: timeSort(nextAtMs, task) };
