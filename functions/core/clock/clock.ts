import type { ClockDescription } from '../run/definition/manifest.ts';

/** The clock of a task: the document `clock#<task>`. Times are epoch ms. */
export type Clock = {
  readonly task: string;
  readonly expression?: string;
  readonly timeZone?: string;
  readonly everySeconds?: number;
  /** The next tick; absent while it is paused, and when its expression has none left. */
  readonly nextAtMs?: number;
  readonly paused?: true;
  /** The last tick that made a run; perhaps still to come, as runs are made shortly before. */
  readonly lastTickAtMs?: number;
  readonly lastRunId?: string;
  /** Ticks that made no run: they were missed while everything was down. */
  readonly skipped: number;
  readonly createdAtMs: number;
};

export const clockKey = (task: string): string => `clock#${task}`;
/** The partition in both indexes: `list`, sorted by the task's name, and `due`, sorted by `timeSort(nextAtMs, task)`. */
export const CLOCK_PARTITION = 'clocks';

/** The times of a stored clock. */
export function timesOf({ expression, timeZone = 'UTC', everySeconds }: Clock): ClockDescription {
  return expression === undefined ? { everySeconds: everySeconds ?? 86_400 } : { expression, timeZone };
}
