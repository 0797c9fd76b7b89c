import { documentPages } from '../document/pages.ts';
import type { WriteOutcome } from '../ports/table.ts';
import type { ClockDescription, TaskDescription } from '../run/definition/manifest.ts';
import { CLOCK_PARTITION, type Clock, clockKey } from './clock.ts';
import { type ClockDependencies, dueEntry, hasTickJobs } from './handover.ts';
import { tickJob } from './tick-job.ts';
import { nextTick } from './tick-times.ts';

/** The numbers of clocks that were inserted, changed and deleted. */
export interface ClockSync {
  readonly inserted: number;
  readonly changed: number;
  readonly deleted: number;
}

type ClockTask = TaskDescription & { readonly cron: ClockDescription };

/** Makes the stored clocks those of the tasks: after a deployment. A clock whose times are the same keeps its next tick. */
export async function syncClocks(dependencies: ClockDependencies): Promise<ClockSync> {
  const { backend, tasks, log } = dependencies;
  const wanted = new Map(tasks.filter(hasClock).map((task) => [task.name, task]));
  const stored = new Map((await allClocks(backend.table)).map((clock) => [clock.task, clock]));
  const [inserted, changed, deleted] = [[], [], []] as string[][] as [string[], string[], string[]];
  for (const [name, task] of wanted) {
    const clock = stored.get(name);
    if (!clock) {
      if ((await insertClock(task, dependencies)).applied) inserted.push(name);
    } else if (!hasTimes(clock, task.cron)) {
      await change(clock, task.cron, dependencies);
      changed.push(name);
    }
  }
  for (const name of stored.keys()) {
    if (wanted.has(name)) continue;
    await backend.table.delete(clockKey(name));
    deleted.push(name);
  }
  if (inserted.length + changed.length + deleted.length > 0)
    log.info('the clocks are those of the tasks', { inserted, changed, deleted });
  return { inserted: inserted.length, changed: changed.length, deleted: deleted.length };
}

/** True for a task with a clock. */
export const hasClock = (task: TaskDescription): task is ClockTask => task.cron !== undefined;

/** Every stored clock, by the name of its task. */
export async function allClocks(table: ClockDependencies['backend']['table']): Promise<Clock[]> {
  const clocks: Clock[] = [];
  const query = { index: 'list', partition: CLOCK_PARTITION, order: 'ascending', limit: 100 } as const;
  for await (const page of documentPages<Clock>(table, query)) clocks.push(...page);
  return clocks;
}

const hasTimes = (clock: Clock, times: ClockDescription): boolean =>
  'everySeconds' in times
    ? clock.expression === undefined && clock.everySeconds === times.everySeconds
    : clock.expression === times.expression && clock.timeZone === times.timeZone;

/** Stores the clock of a task, unless there is one. */
export async function insertClock(
  { name, cron }: ClockTask,
  { backend, now }: ClockDependencies,
): Promise<WriteOutcome<Clock>> {
  const nextAtMs = await nextTick(cron, now());
  const due = dueEntry(name, nextAtMs);
  const outcome = await backend.table.insert<Clock>({
    key: clockKey(name),
    fields: { task: name, ...cron, ...(nextAtMs === undefined ? {} : { nextAtMs }), skipped: 0, createdAtMs: now() },
    list: { partition: CLOCK_PARTITION, sort: name },
    ...(due ? { due } : {}),
  });
  // Also if another has inserted it: after a crash of that one the job may be missing.
  if (nextAtMs !== undefined && hasTickJobs(backend)) await backend.broker.send([tickJob(name, nextAtMs)]);
  return outcome;
}

/** Sets the times, and the next tick unless the clock is paused. */
async function change(clock: Clock, times: ClockDescription, { backend, now }: ClockDependencies): Promise<void> {
  const { task, paused } = clock;
  const nextAtMs = paused ? undefined : await nextTick(times, now());
  const others = 'everySeconds' in times ? ['expression', 'timeZone'] : ['everySeconds'];
  const changed = {
    set: { ...times, ...(nextAtMs === undefined ? {} : { nextAtMs }) },
    remove: [...others, ...(nextAtMs === undefined ? ['nextAtMs'] : [])],
    due: dueEntry(task, nextAtMs),
  };
  const same = [{ paused: paused ?? { exists: false } }];
  if (nextAtMs !== undefined && hasTickJobs(backend))
    await backend.updateAndSend(clockKey(task), changed, same, tickJob(task, nextAtMs));
  else await backend.table.update(clockKey(task), changed, same);
}
