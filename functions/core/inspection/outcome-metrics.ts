import { BROADCAST_PARTITION, type Broadcast, broadcastKey } from '../broadcast/broadcast.ts';
import { type CountDocument, type Counter, countKey, countsIn } from '../broadcast/counting/progress.ts';
import { tallyOf } from '../broadcast/counting/tally.ts';
import { documentsOf } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { domainId } from '../email/accept/sender-domain.ts';
import { domainOf, parseMailbox } from '../email/address.ts';
import { type EmailRecord, recordKey } from '../email/record.ts';
import type { Table } from '../ports/table.ts';

type Counts = Readonly<Record<Counter, number>>;

/** Part of a whole, 0 to 1 with four decimals; 0 of 0 is 0. */
const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000);

/** Resend's metrics. Rates are parts of 1: of the emails that were sent, or that were delivered. */
const metricOf = {
  received: () => 0,
  delivered: ({ delivered }) => delivered,
  complained: ({ complained }) => complained,
  suppressed: ({ suppressed }) => suppressed,
  bounced: ({ bounced }) => bounced,
  bounced_transient: ({ bouncedTransient }) => bouncedTransient,
  bounced_permanent: ({ bouncedPermanent }) => bouncedPermanent,
  bounced_undetermined: ({ bouncedUndetermined }) => bouncedUndetermined,
  opened: ({ openedTotal }) => openedTotal,
  clicked: ({ clickedTotal }) => clickedTotal,
  unsubscribed: ({ unsubscribed }) => unsubscribed,
  delivery_delayed: ({ delayed }) => delayed,
  failed: ({ failed }) => failed,
  sent: ({ sent }) => sent,
  unique_opened: ({ opened }) => opened,
  unique_clicked: ({ clicked }) => clicked,
  delivery_rate: ({ delivered, sent }) => share(delivered, sent),
  open_rate: ({ opened, delivered }) => share(opened, delivered),
  click_rate: ({ clicked, delivered }) => share(clicked, delivered),
  bounce_rate: ({ bounced, sent }) => share(bounced, sent),
  complaint_rate: ({ complained, delivered }) => share(complained, delivered),
  unsubscribe_rate: ({ unsubscribed, delivered }) => share(unsubscribed, delivered),
} as const satisfies Record<string, (counts: Counts) => number>;

export type MetricName = keyof typeof metricOf;
export const metricNames = Object.keys(metricOf) as readonly MetricName[];

/** Without ids, at most so many broadcasts are read: the newest of those created in the range. */
const MAX_BROADCASTS = 1_000;

/** The dimensions that split metrics by what was counted; those of emails and of broadcasts exclude each other. */
export type SplitBy = 'broadcast' | 'email' | 'domain';

export interface MetricsRequest {
  /** Whether single emails or broadcasts are counted. */
  readonly of: 'emails' | 'broadcasts';
  /** Only these; none: all broadcasts. Emails are always named. */
  readonly ids: readonly string[];
  /** Only those whose sender has the domain of one of these ids; none: whatever its domain. */
  readonly domainIds: readonly string[];
  readonly dimensions: readonly SplitBy[];
  /** Broadcasts whose sending began in this range, emails accepted in it; their events count whenever they happen. Absent: no lower end. */
  readonly fromMs?: number | undefined;
  readonly toMs: number;
  readonly metrics: readonly MetricName[];
}

type Values = Readonly<Partial<Record<MetricName, number>>>;

/** A row of metrics, with the dimensions that were asked for. */
export interface MetricsRow {
  readonly domain?: { readonly id: string; readonly name: string };
  readonly emailId?: string;
  readonly broadcast?: { readonly id: string; readonly name: string };
  readonly values: Values;
}

export interface Metrics {
  readonly totals: Values;
  /** None without dimensions. */
  readonly rows: readonly MetricsRow[];
  /** When the sending of the first of the broadcasts began, or the first email was accepted. */
  readonly firstMs?: number | undefined;
}

/** An email or a broadcast with its counts. */
interface Counted {
  readonly id: string;
  readonly name: string;
  /** The domain of the sender's address, in lower case. */
  readonly domain: string;
  readonly atMs: number;
  readonly counts: Counts;
}

/** Counts from the counters of broadcasts (two reads for each) or from the records of emails (one for each). */
export async function findMetrics(table: Table, request: MetricsRequest): Promise<Metrics> {
  const { of, domainIds, dimensions, fromMs = 0, toMs, metrics } = request;
  const found = await (of === 'emails' ? emails(table, request.ids) : broadcasts(table, request));
  const counted = found.filter(
    ({ atMs, domain }) =>
      atMs >= fromMs && atMs <= toMs && (domainIds.length === 0 || domainIds.includes(domainId(domain))),
  );
  const valuesOf = (some: readonly Counted[]): Values => {
    const sum = sumOf(some);
    return Object.fromEntries(metrics.map((name) => [name, metricOf[name](sum)]));
  };
  const groups = Map.groupBy(counted, (one) => dimensions.map((by) => (by === 'domain' ? one.domain : one.id)).join());
  return {
    totals: valuesOf(counted),
    rows:
      dimensions.length === 0
        ? []
        : [...groups.values()].map((group) => ({ ...rowOf(group, dimensions), values: valuesOf(group) })),
    firstMs: counted.reduce<number | undefined>((first, { atMs }) => Math.min(first ?? atMs, atMs), undefined),
  };
}

function sumOf(some: readonly Counted[]): Counts {
  const sum = countsIn({});
  for (const { counts } of some) for (const name of Object.keys(sum) as Counter[]) sum[name] += counts[name];
  return sum;
}

function rowOf([one]: readonly Counted[], dimensions: readonly SplitBy[]): Omit<MetricsRow, 'values'> {
  if (!one) return {};
  const { id, name, domain } = one;
  return {
    ...(dimensions.includes('domain') ? { domain: { id: domainId(domain), name: domain } } : {}),
    ...(dimensions.includes('email') ? { emailId: id } : {}),
    ...(dimensions.includes('broadcast') ? { broadcast: { id, name } } : {}),
  };
}

/** The emails that exist, as their records count them: those of a broadcast as its counters do. */
async function emails(table: Table, ids: readonly string[]): Promise<Counted[]> {
  const records = await table.getMany<EmailRecord>([...new Set(ids)].map(recordKey));
  return records.flatMap((record) =>
    record
      ? {
          ...{ id: record.id, name: record.subject, domain: senderDomain(record.from), atMs: record.createdAtMs },
          counts: { ...countsIn({}), ...tallyOf(record).counts },
        }
      : [],
  );
}

async function broadcasts(table: Table, { ids, toMs }: MetricsRequest): Promise<Counted[]> {
  const found = ids.length > 0 ? await named(table, ids) : await newest(table, toMs);
  const begun = found.flatMap(({ id, name, from, startedAtMs }) =>
    startedAtMs === undefined ? [] : { id, name, domain: senderDomain(from), atMs: startedAtMs },
  );
  const documents = await table.getMany<CountDocument>(begun.map(({ id }) => countKey(id)));
  return begun.map((one, index) => ({ ...one, counts: countsIn(documents[index] ?? {}) }));
}

const senderDomain = (from: string): string => domainOf(parseMailbox(from, 'from').address);

async function named(table: Table, ids: readonly string[]): Promise<Broadcast[]> {
  const found = await table.getMany<Broadcast>([...new Set(ids)].map(broadcastKey));
  return found.filter((broadcast) => broadcast !== undefined);
}

async function newest(table: Table, toMs: number): Promise<Broadcast[]> {
  const query = {
    index: 'list',
    partition: BROADCAST_PARTITION,
    limit: MAX_BROADCASTS,
    order: 'descending',
    after: timeSort(toMs + 1, ''),
  } as const;
  return documentsOf<Broadcast>(table, await table.query(query));
}
