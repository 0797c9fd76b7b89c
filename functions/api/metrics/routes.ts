import { Hono } from 'hono';
import { findMetrics, metricNames } from '../../core/broadcast/counting/metrics.ts';
import { invalid } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { iso } from '../../core/iso-time.ts';
import type { Table } from '../../core/ports/table.ts';
import type { Caller } from '../authenticate.ts';

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
const DAY_MS = 86_400_000;
const GRANULARITIES = ['hourly', 'daily', 'weekly', 'monthly'];

/** The route `GET /emails/metrics`: the counters of broadcasts. */
export function metricsRoutes(table: Table, now: () => number): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => {
    const request = parseMetrics(context.req.queries(), now());
    const { fromMs, toMs, metrics, dimensions, granularity } = request;
    const { totals, rows, firstMs } = await findMetrics(table, request);
    return context.json({
      object: 'metrics',
      start_date: iso(fromMs ?? Math.min(firstMs ?? toMs, toMs)),
      end_date: iso(toMs),
      metrics,
      dimensions,
      granularity,
      totals,
      ...(dimensions.length > 0
        ? { data: rows.map(({ id, name, values }) => ({ broadcast_id: id, broadcast_name: name, ...values })) }
        : {}),
    });
  });
  return routes;
}

type Queries = Readonly<Record<string, string[]>>;

function parseMetrics(queries: Queries, nowMs: number) {
  const [unknown] = Object.keys(queries).filter((name) => !PARAMETERS.some((known) => known === name));
  if (unknown !== undefined) throw invalid(`Unknown parameter \`${unknown.slice(0, 100)}\`.`, 'validation_error');
  const [dimensions, ids] = [listed(queries, 'dimensions'), listed(queries, 'broadcast_id')];
  for (const name of ['domain_id', 'email_id'] as const)
    if (listed(queries, name).length > 0) throw notServed(name, 'leave it out');
  for (const dimension of dimensions) {
    if (['period', 'domain', 'email'].includes(dimension)) throw notServed('dimensions', `leave out ${dimension}`);
    if (dimension !== 'broadcast')
      throw invalid('Invalid `dimensions`: it must be period, domain, email or broadcast.', 'validation_error');
  }
  if (dimensions.length === 0 && ids.length === 0)
    throw notServed('dimensions', 'give `dimensions=broadcast` or `broadcast_id`');
  for (const id of ids) if (!isId(id)) throw invalid('Invalid `broadcast_id`: it must be a UUID.', 'validation_error');
  const [granularity = 'daily'] = queries.granularity ?? [];
  if (!GRANULARITIES.includes(granularity))
    throw invalid(`Invalid \`granularity\`: it must be ${GRANULARITIES.join(', ')}.`, 'validation_error');
  return {
    ids,
    dimensions: [...new Set(dimensions)],
    granularity,
    metrics: metricsOf(queries),
    ...range(queries, ids, nowMs),
  };
}

/** Without dates: the last six days, but for named broadcasts all time, as with Resend. */
function range(queries: Queries, ids: readonly string[], nowMs: number) {
  const toMs = Math.min(dateOf(queries, 'end_date') ?? nowMs, nowMs);
  const fromMs = dateOf(queries, 'start_date') ?? (ids.length > 0 ? undefined : toMs - 6 * DAY_MS);
  if (fromMs !== undefined && fromMs > toMs)
    throw invalid('Invalid `start_date`: it must not be after `end_date`.', 'validation_error');
  return { fromMs, toMs };
}

function dateOf(queries: Queries, name: 'start_date' | 'end_date'): number | undefined {
  const [text] = queries[name] ?? [];
  if (text === undefined) return undefined;
  const atMs = /^\d{4}-\d\d-\d\d(?:T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw invalid(`Invalid \`${name}\`: it must be an ISO 8601 date or time.`, 'validation_error');
  return atMs;
}

function metricsOf(queries: Queries) {
  if (queries.metrics === undefined) return [...metricNames];
  const names = split(queries, 'metrics');
  return [...new Set(names)].map((name) => {
    const known = metricNames.find((one) => one === name);
    if (known === undefined)
      throw invalid(`Invalid \`metrics\`: it must be of ${metricNames.join(', ')}.`, 'validation_error');
    return known;
  });
}

const listed = (queries: Queries, name: string): string[] => split(queries, name).filter((text) => text !== '');

/** Comma-separated, repeated, or both. */
function split(queries: Queries, name: string): string[] {
  const values = (queries[name] ?? []).flatMap((text) => text.split(','));
  if (values.length > MAX_VALUES)
    throw invalid(`Invalid \`${name}\`: it must have at most ${MAX_VALUES} values.`);
  return values;
}

const notServed = (name: string, instead: string) =>
  invalid(`Invalid \`${name}\`: Sendoff has metrics of whole broadcasts only; ${instead}.`, 'validation_error');
