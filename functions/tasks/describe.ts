import type { TaskOptions } from '../core/run/definition/definition.ts';
import {
  type ClockDescription,
  type RateLimit,
  TASK_NAME,
  type TaskDescription,
} from '../core/run/definition/manifest.ts';

/** The longest wait between two attempts. */
const WEEK_SECONDS = 7 * 86_400;

/**
 * The description of a task, with all defaults; without the JSON Schema of its arguments.
 *
 * @throws TypeError for a name or an option that is out of range.
 */
export function describeTask(
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: the arguments do not matter here
  options: TaskOptions<any, any>,
  clock?: ClockDescription,
): TaskDescription {
  if (typeof name !== 'string' || !TASK_NAME.test(name))
    throw new TypeError(
      `A task's name is like \`notification.send\`, at most 100 characters; not ${JSON.stringify(name)}`,
    );
  const whole = (option: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new TypeError(`${name}: ${option} must be a whole number from ${least} to ${most}, not ${value}`);
  };
  const { retry = {}, rateLimit, concurrency, keep = true, keepDays = 7, timeoutSeconds = 30 } = options;
  const { attempts = 5, backoff = 'exponential', delaySeconds = 2, maxDelaySeconds = 900 } = retry;
  const priority = oneOf(name, 'priority', options.priority ?? 'transactional', ['transactional', 'bulk'] as const);
  return {
    name,
    priority,
    keep,
    keepDays: whole('keepDays', keepDays, 1, 365),
    timeoutSeconds: whole('timeoutSeconds', timeoutSeconds, 1, 840),
    retry: {
      attempts: whole('retry.attempts', attempts, 1, 100),
      backoff: oneOf(name, 'retry.backoff', backoff, ['exponential', 'fixed'] as const),
      delaySeconds: within(name, 'retry.delaySeconds', delaySeconds, WEEK_SECONDS),
      maxDelaySeconds: within(name, 'retry.maxDelaySeconds', maxDelaySeconds, WEEK_SECONDS),
    },
    ...(rateLimit === undefined ? {} : { rateLimit: checkedRate(name, rateLimit) }),
    ...(concurrency === undefined ? {} : { concurrency: whole('concurrency', concurrency, 1, 1_000) }),
    ...(clock === undefined ? {} : { cron: clock }),
  };
}

function within(name: string, option: string, value: number, most: number): number {
  if (value >= 0 && value <= most) return value;
  throw new TypeError(`${name}: ${option} must be from 0 to ${most}, not ${value}`);
}

function oneOf<T extends string>(name: string, option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found) return found;
  throw new TypeError(`${name}: ${option} must be ${allowed.join(' or ')}, not ${JSON.stringify(value)}`);
}

function checkedRate(name: string, rate: RateLimit): RateLimit {
  const [entry, ...others] = Object.entries(rate) as [string, number][];
  if (entry && others.length === 0 && /^per(Second|Minute|Hour)$/.test(entry[0]) && entry[1] > 0 && entry[1] <= 10_000)
    return rate;
  throw new TypeError(
    `${name}: rateLimit must be one of perSecond, perMinute or perHour, more than 0 and at most 10,000`,
  );
}
