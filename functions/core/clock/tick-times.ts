import type { ClockDescription } from '../run/definition/manifest.ts';
import { instantsOf, localTimeOf } from './local-time.ts';

/** The least and the most seconds of `every`. */
const LEAST_EVERY_SECONDS = 60;
const MOST_EVERY_SECONDS = 366 * 86_400;

/**
 * The first tick after this time, epoch ms; undefined if there is none.
 *
 * Ticks of `everySeconds` are its multiples since 1970 (UTC), so that a deployment does not move them. An expression is read in its time
 * zone: a local time that does not exist (clocks go forward) has no tick, and one that exists twice has one, the first. Only where
 * the hour is `*` is each hour that passes one of its own.
 */
export async function nextTick(times: ClockDescription, afterMs: number): Promise<number | undefined> {
  if ('everySeconds' in times) {
    const everyMs = times.everySeconds * 1_000;
    return (Math.floor(afterMs / everyMs) + 1) * everyMs;
  }
  const { Cron } = await import('croner');
  const { expression, timeZone } = times;
  const everyHour = /^\S+\s+\*(?:\/1)?\s/.test(expression.trim());
  if (everyHour) {
    const options = { timezone: timeZone, mode: '5-part', paused: true } as const;
    return new Cron(expression, options).nextRun(new Date(afterMs))?.getTime();
  }
  // The local time as if it were UTC, where each exists once.
  const cron = new Cron(expression, { timezone: 'UTC', mode: '5-part', paused: true });
  let localMs = localTimeOf(afterMs, timeZone) - REPEATED_MS;
  for (;;) {
    const next = cron.nextRun(new Date(localMs));
    if (!next) return undefined;
    localMs = next.getTime();
    const [tickMs] = instantsOf(localMs, timeZone);
    if (tickMs !== undefined && tickMs > afterMs) return tickMs;
  }
}

/** More than clocks are ever turned back: in a repeated hour, local times that follow may be before `afterMs`'s own. */
const REPEATED_MS = 3 * 3_600_000;

/** Says for the developer what is wrong with these times; undefined if nothing is. */
export async function problemOf(times: ClockDescription): Promise<string | undefined> {
  if ('everySeconds' in times) {
    const { everySeconds } = times;
    return Number.isInteger(everySeconds) && everySeconds >= LEAST_EVERY_SECONDS && everySeconds <= MOST_EVERY_SECONDS
      ? undefined
      : 'a clock ticks once a minute at most, and once in 366 days at least';
  }
  try {
    return (await nextTick(times, Date.UTC(2024, 0, 1))) === undefined
      ? `the expression "${times.expression}" has no tick, ever`
      : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `"${times.expression}" in the time zone "${times.timeZone}" is not understood: ${reason}`;
  }
}
