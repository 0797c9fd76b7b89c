const formats = new Map<string, Intl.DateTimeFormat>();

/** The format is costly to make. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const made =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(timeZone, made);
  return made;
}

/**
 * The date and time that a clock on the wall of this zone shows, to the second, as epoch ms of the same date and time in UTC.
 *
 * @throws RangeError for a time zone that does not exist.
 */
export function localTimeOf(atMs: number, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

const DAY_MS = 86_400_000;

/** The times (epoch ms) at which clocks of this zone show this local time: one, none where they skip it, two where they repeat it. */
export function instantsOf(localMs: number, timeZone: string): number[] {
  // The offsets of a day before and of a day after: at most one change is between them.
  const offsets = [-DAY_MS, DAY_MS].map((ms) => localTimeOf(localMs + ms, timeZone) - (localMs + ms));
  const candidates = [...new Set(offsets)].map((offset) => localMs - offset);
  return candidates.filter((atMs) => localTimeOf(atMs, timeZone) === localMs).sort((one, other) => one - other);
}
