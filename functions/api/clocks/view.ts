import { type Clock, timesOf } from '../../core/clock/clock.ts';
import { isoOrNull } from '../../core/iso-time.ts';
import { scheduleView } from '../tasks/view.ts';

/** A clock as the API shows it. */
export function clockView(clock: Clock) {
  return {
    task: clock.task,
    expression: null,
    time_zone: null,
    every_seconds: null,
    ...scheduleView(timesOf(clock)),
    paused: clock.paused ?? false,
    next_run_at: isoOrNull(clock.nextAtMs),
    last_run_at: isoOrNull(clock.lastTickAtMs),
    last_run_id: clock.lastRunId ?? null,
    skipped: clock.skipped,
  };
}
