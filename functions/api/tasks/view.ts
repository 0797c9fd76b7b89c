import type { Clock } from '../../core/clock/clock.ts';
import { isoOrNull } from '../../core/iso-time.ts';
import type { ClockDescription, RateLimit, TaskDescription } from '../../core/run/definition/manifest.ts';

/** A task as the API shows it. */
export function taskView(task: TaskDescription, clock: Clock | undefined) {
  return {
    name: task.name,
    priority: task.priority,
    keep: task.keep,
    keep_days: task.keepDays,
    timeout_seconds: task.timeoutSeconds,
    retry: {
      attempts: task.retry.attempts,
      backoff: task.retry.backoff,
      delay_seconds: task.retry.delaySeconds,
      max_delay_seconds: task.retry.maxDelaySeconds,
    },
    rate_limit: task.rateLimit ? rateView(task.rateLimit) : null,
    concurrency: task.concurrency ?? null,
    schedule: task.cron ? scheduleView(task.cron) : null,
    next_run_at: isoOrNull(clock?.nextAtMs),
    args: task.args ?? null,
  };
}

function rateView(limit: RateLimit) {
  if ('perSecond' in limit) return { per_second: limit.perSecond };
  return 'perMinute' in limit ? { per_minute: limit.perMinute } : { per_hour: limit.perHour };
}

/** When a clock ticks. */
export const scheduleView = (clock: ClockDescription) =>
  'expression' in clock
    ? { expression: clock.expression, time_zone: clock.timeZone }
    : { every_seconds: clock.everySeconds };
