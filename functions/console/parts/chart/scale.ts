/** The marks of an axis from 0 to at least `max`: round steps (1, 2, 5 × 10ⁿ), about three of them. */
export function marksTo(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(max / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Points of a line; null values interrupt it. Each run is a list of places. */
export function runsOf(values: readonly (number | null)[]): (readonly [index: number, value: number])[][] {
  const runs: [number, number][][] = [];
  let open = false;
  values.forEach((value, index) => {
    if (value === null) open = false;
    else if (open) runs.at(-1)?.push([index, value]);
    else {
      runs.push([[index, value]]);
      open = true;
    }
  });
  return runs;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);

/** Marks of a time axis, at most `most`: round times of the viewer's zone; dates where the marks are days apart. */
export function timeMarks(times: readonly string[], most: number): { index: number; text: string }[] {
  const [first, last] = [times[0], times.at(-1)].map((time) => Date.parse(time ?? ''));
  if (first === undefined || last === undefined || !(last > first)) return [];
  const step = STEPS.find((length) => (last - first) / length <= most) ?? Math.ceil((last - first) / most / DAY) * DAY;
  const text = new Intl.DateTimeFormat(
    'en-GB',
    step < DAY ? { timeStyle: 'short' } : { day: 'numeric', month: 'short' },
  );
  return times.flatMap((time, index) => {
    const date = new Date(time);
    const localMs = date.getTime() - date.getTimezoneOffset() * MINUTE;
    const apart = times.length > 1 ? (last - first) / (times.length - 1) : DAY;
    // Days of the API begin at midnight UTC: the first period of each local day stands for it.
    return localMs % step < Math.min(apart, step) ? [{ index, text: text.format(date) }] : [];
  });
}

/** The last place up to `end` where one of the lines has a value. */
export function latestKnown(lines: readonly { values: readonly (number | null)[] }[], end: number): number | undefined {
  for (let index = end; index >= 0; index--)
    if (lines.some(({ values }) => (values[index] ?? null) !== null)) return index;
  return undefined;
}
