import type { clockView } from '../../../api/clocks/view.ts';
import type { taskView } from '../../../api/tasks/view.ts';

type Task = ReturnType<typeof taskView>;
type Times = Pick<ReturnType<typeof clockView>, 'expression' | 'time_zone' | 'every_seconds'>;

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/** A number of seconds in the largest unit that it is a whole number of: `90 s`, `5 min`, `14 h`. */
export function inSeconds(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one && seconds % one === 0) ?? ['s', 1];
  return `${seconds / size} ${unit}`;
}

/** The rate limit of a task: `20/s`. */
export function rateText(limit: Task['rate_limit']): string | undefined {
  if (limit === null) return undefined;
  if ('per_second' in limit) return `${limit.per_second}/s`;
  return 'per_minute' in limit ? `${limit.per_minute}/min` : `${limit.per_hour}/h`;
}

/** The retry policy of a task: `5 attempts, 2 s doubled up to 15 min`. */
export function retryText({ attempts, backoff, delay_seconds, max_delay_seconds }: Task['retry']): string {
  if (attempts === 1) return '1 attempt, no retry';
  const wait = inSeconds(delay_seconds);
  const waits = backoff === 'fixed' ? `${wait} apart` : `up to ${wait}, doubled until ${inSeconds(max_delay_seconds)}`;
  return `${attempts} attempts, ${waits}`;
}

/** When a clock ticks: `every 5 min`, or its cron expression with the zone. */
export function timesText({ expression, time_zone, every_seconds }: Times): string {
  if (every_seconds !== null) return `every ${inSeconds(every_seconds)}`;
  return `${expression ?? ''} ${time_zone ?? ''}`.trim();
}

/** The times of a task's clock; undefined for a task without one. */
export function scheduleText(schedule: Task['schedule']): string | undefined {
  if (schedule === null) return undefined;
  return timesText({ expression: null, time_zone: null, every_seconds: null, ...schedule });
}
