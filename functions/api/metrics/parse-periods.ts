import { instantsOf, localTimeOf } from '../../core/clock/local-time.ts';
import { invalid } from '../../core/errors.ts';
import { countNames, type Granularity, periodSeconds, seriesNames } from '../../core/ports/series.ts';
import {
  checkRange,
  DEFAULT_MS,
  dateOf,
  endOf,
  granularities,
  listed,
  manyOf,
  notServed,
  oneOf,
  type Queries,
  selectionIn,
} from './request.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
type PeriodGranularity = Granularity | (typeof granularities)[number];

/** The granularities of periods: Resend's and finer ones. */
export const periodGranularities = [
  ...new Set<PeriodGranularity>([...(Object.keys(periodSeconds) as Granularity[]), ...granularities]),
] as const;
/** The time before the end, if no start is given, where it is not Resend's. */
const defaultMs: { readonly [Name in PeriodGranularity]?: number } = { minute: 3 * HOUR_MS, five_minutes: DAY_MS };
/** Those of all metrics fit into one answer of CloudWatch. */
export const MOST_PERIODS = 5_000;

/** The numbers of all emails that are asked for: whole periods, up to that of `nowMs`. */
export function parsePeriods(queries: Queries, nowMs: number) {
  const dimensions = [...new Set(listed(queries, 'dimensions'))];
  if (dimensions.some((dimension) => dimension !== 'period'))
    throw notServed('dimensions', 'give either `period` or others');
  const selection = selectionIn(queries);
  if (selection !== undefined) throw notServed(selection, 'leave out `dimensions=period`');
  const granularity = oneOf(queries, 'granularity', periodGranularities) ?? 'daily';
  const timeZone = timeZoneOf(queries);
  const endMs = endOf(queries, nowMs, timeZone);
  const startMs = dateOf(queries, 'start_date', timeZone) ?? endMs - (defaultMs[granularity] ?? DEFAULT_MS);
  checkRange(startMs, endMs);
  const together = dimensions.length === 0;
  const source = together ? sourceOfSum(endMs - startMs) : sourceOf(granularity, timeZone);
  const stepMs = periodSeconds[source] * 1000;
  if (endMs - startMs > MOST_PERIODS * stepMs)
    throw invalid(
      `Invalid \`start_date\`: ${MOST_PERIODS} periods at most; ask for less time or a coarser \`granularity\`.`,
      'validation_error',
    );
  const bounds = boundsOf(together ? source : granularity, timeZone, startMs, Math.max(endMs, startMs + 1));
  if (bounds.some((atMs) => atMs % stepMs !== 0))
    throw invalid(
      'Invalid `timezone`: numbers are by the hour of UTC, and its days begin within one.',
      'validation_error',
    );
  // A percentile of a week cannot be made of those of its days.
  const names = manyOf(queries, 'metrics', source === granularity && !together ? seriesNames : countNames);
  const ends = [bounds[0] ?? startMs, bounds.at(-1) ?? endMs];
  return { names, dimensions, granularity, source, bounds: together ? ends : bounds };
}

/** The granularity that one sum is made of: hours, or days of UTC if they are too many. */
const sourceOfSum = (ms: number): Granularity => (ms > MOST_PERIODS * HOUR_MS ? 'daily' : 'hourly');

/** The granularity that periods are made of: days of another time zone of hours. */
function sourceOf(granularity: PeriodGranularity, timeZone: string): Granularity {
  if (granularity !== 'daily' && granularity !== 'weekly' && granularity !== 'monthly') return granularity;
  return timeZone === 'UTC' ? 'daily' : 'hourly';
}

function timeZoneOf({ timezone: [text] = ['UTC'] }: Queries): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw invalid('Invalid `timezone`: it must be an IANA time zone such as `Europe/Berlin`.', 'validation_error');
  }
}

/** The beginnings of periods from the one of `startMs` to the first at `endMs` or later. Hours and less are those of UTC. */
function boundsOf(granularity: PeriodGranularity, timeZone: string, startMs: number, endMs: number): number[] {
  const bounds: number[] = [];
  for (let index = 0; (bounds.at(-1) ?? 0) < endMs; index++)
    bounds.push(beginning(granularity, timeZone, startMs, index));
  return bounds;
}

/** The beginning of the period that is `index` periods after the one of a time. Weeks begin on Monday. */
function beginning(granularity: PeriodGranularity, timeZone: string, atMs: number, index: number): number {
  if (granularity !== 'weekly' && granularity !== 'monthly' && (granularity !== 'daily' || timeZone === 'UTC')) {
    const stepMs = periodSeconds[granularity] * 1000;
    return (Math.floor(atMs / stepMs) + index) * stepMs;
  }
  const local = new Date(localTimeOf(atMs, timeZone));
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const midnightMs = {
    daily: Date.UTC(year, month, day + index),
    weekly: Date.UTC(year, month, day - ((local.getUTCDay() + 6) % 7) + 7 * index),
    monthly: Date.UTC(year, month + index, 1),
  }[granularity];
  // Where clocks skip midnight, the day begins an hour later.
  return instantsOf(midnightMs, timeZone)[0] ?? instantsOf(midnightMs + HOUR_MS, timeZone)[0] ?? midnightMs;
}
