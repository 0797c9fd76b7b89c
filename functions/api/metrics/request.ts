import { instantsOf } from '../../core/clock/local-time.ts';
import { invalid } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { metricNames, type SplitBy } from '../../core/inspection/outcome-metrics.ts';
import { parseIso } from '../../core/iso-time.ts';

const PARAMETERS = [
  'start_date',
  'end_date',
  'timezone',
  'granularity',
  'metrics',
  'dimensions',
  'domain_id',
  'email_id',
  'broadcast_id',
] as const;
const MAX_VALUES = 100;

/** Resend's granularities. */
export const granularities = ['hourly', 'daily', 'weekly', 'monthly'] as const;
/** Resend's time before the end, if no start is given. */
export const DEFAULT_MS = 6 * 86_400_000;

export type Queries = Readonly<Record<string, string[]>>;

export const dimensionNames = ['period', 'domain', 'email', 'broadcast'] as const;
/** Parameters that name what is counted: without them it is all emails. */
const SELECTIONS = ['broadcast_id', 'email_id', 'domain_id'] as const;

/** True if numbers of all emails are asked for, by period or together, not those of broadcasts or of single emails. */
export const wantsPeriods = (queries: Queries): boolean => {
  const dimensions = listed(queries, 'dimensions');
  return dimensions.includes('period') || (dimensions.length === 0 && selectionIn(queries) === undefined);
};

/** The first parameter that names what is counted. */
export const selectionIn = (queries: Queries): string | undefined =>
  SELECTIONS.find((name) => listed(queries, name).length > 0);

/** Checks what all kinds of metrics have. */
export function checkParameters(queries: Queries): void {
  const [unknown] = Object.keys(queries).filter((name) => !PARAMETERS.some((known) => known === name));
  if (unknown !== undefined) throw invalid(`Unknown parameter \`${unknown.slice(0, 100)}\`.`, 'validation_error');
  for (const dimension of listed(queries, 'dimensions'))
    if (!dimensionNames.some((known) => known === dimension))
      throw invalid('Invalid `dimensions`: it must be period, domain, email or broadcast.', 'validation_error');
}

/** The metrics of broadcasts or of single emails that are asked for. */
export function parseMetrics(queries: Queries, nowMs: number) {
  const dimensions = [...new Set(listed(queries, 'dimensions'))] as SplitBy[];
  const [emailIds, broadcastIds, domainIds] = [
    ids(queries, 'email_id'),
    ids(queries, 'broadcast_id'),
    ids(queries, 'domain_id'),
  ];
  const ofEmails = dimensions.includes('email') || emailIds.length > 0;
  const ofBroadcasts = dimensions.includes('broadcast') || broadcastIds.length > 0;
  if (ofEmails && ofBroadcasts) {
    const name = emailIds.length > 0 ? 'email_id' : 'dimensions';
    throw invalid(`Invalid \`${name}\`: give either emails or broadcasts.`, 'validation_error');
  }
  // Resend goes through all emails for it.
  if (ofEmails && emailIds.length === 0) throw notServed('dimensions', 'give `email_id` with the dimension email');
  if (!ofEmails && !ofBroadcasts)
    throw notServed(
      dimensions.includes('domain') ? 'dimensions' : 'domain_id',
      'give the dimension broadcast, `broadcast_id` or `email_id` with a domain',
    );
  const named = ofEmails ? emailIds : broadcastIds;
  const toMs = endOf(queries, nowMs);
  // Named emails and broadcasts are counted over all time, as with Resend.
  const fromMs = dateOf(queries, 'start_date') ?? (named.length > 0 ? undefined : toMs - DEFAULT_MS);
  if (fromMs !== undefined) checkRange(fromMs, toMs);
  return {
    of: ofEmails ? ('emails' as const) : ('broadcasts' as const),
    ids: named,
    domainIds,
    dimensions,
    granularity: oneOf(queries, 'granularity', granularities) ?? 'daily',
    metrics: manyOf(queries, 'metrics', metricNames),
    fromMs,
    toMs,
  };
}

/** The ids that a parameter has; each must be a UUID. */
function ids(queries: Queries, name: string): string[] {
  const values = listed(queries, name);
  for (const id of values) if (!isId(id)) throw invalid(`Invalid \`${name}\`: it must be a UUID.`, 'validation_error');
  return values;
}

export const endOf = (queries: Queries, nowMs: number, timeZone?: string): number =>
  Math.min(dateOf(queries, 'end_date', timeZone) ?? nowMs, nowMs);

export function checkRange(fromMs: number, toMs: number): void {
  if (fromMs > toMs) throw invalid('Invalid `start_date`: it must not be after `end_date`.', 'validation_error');
}

/** The time that a parameter has; a date alone is its first moment in the time zone. */
export function dateOf(queries: Queries, name: 'start_date' | 'end_date', timeZone = 'UTC'): number | undefined {
  const [text] = queries[name] ?? [];
  if (text === undefined) return undefined;
  const atMs = parseIso(text);
  if (Number.isNaN(atMs))
    throw invalid(`Invalid \`${name}\`: it must be an ISO 8601 date or time.`, 'validation_error');
  return text.includes('T') ? atMs : (instantsOf(atMs, timeZone)[0] ?? atMs);
}

export function oneOf<Value extends string>(
  queries: Queries,
  name: string,
  known: readonly Value[],
): Value | undefined {
  const [text] = queries[name] ?? [];
  if (text === undefined) return undefined;
  const found = known.find((one) => one === text);
  if (found === undefined) throw invalid(`Invalid \`${name}\`: it must be ${known.join(', ')}.`, 'validation_error');
  return found;
}

/** The values given, each once; all that are known if none is given. */
export function manyOf<Value extends string>(queries: Queries, name: string, known: readonly Value[]): Value[] {
  if (queries[name] === undefined) return [...known];
  return [...new Set(split(queries, name))].map((text) => {
    const found = known.find((one) => one === text);
    if (found === undefined)
      throw invalid(`Invalid \`${name}\`: it must be of ${known.join(', ')}.`, 'validation_error');
    return found;
  });
}

export const listed = (queries: Queries, name: string): string[] => split(queries, name).filter((text) => text !== '');

/** Comma-separated, repeated, or both. */
function split(queries: Queries, name: string): string[] {
  const values = (queries[name] ?? []).flatMap((text) => text.split(','));
  if (values.length > MAX_VALUES) throw invalid(`Invalid \`${name}\`: it must have at most ${MAX_VALUES} values.`);
  return values;
}

export const notServed = (name: string, instead: string) =>
  invalid(
    `Invalid \`${name}\`: Sendoff counts all emails together by period, broadcasts one by one and single emails; ${instead}.`,
    'validation_error',
  );
