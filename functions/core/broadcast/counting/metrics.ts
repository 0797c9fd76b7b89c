import { documentsOf } from '../../document/pages.ts';
import { timeSort } from '../../document/time-sort.ts';
import type { Table } from '../../ports/table.ts';
import { BROADCAST_PARTITION, type Broadcast, broadcastKey } from '../broadcast.ts';
import { type CountDocument, type Counter, countKey, countsIn } from './progress.ts';

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

export interface MetricsRequest {
  /** Only these broadcasts; none: all. */
  readonly ids: readonly string[];
  /** Broadcasts whose sending began in this range; their events count whenever they happen. Absent: no lower end. */
  readonly fromMs?: number | undefined;
  readonly toMs: number;
  readonly metrics: readonly MetricName[];
}

export interface Metrics {
  readonly totals: Readonly<Partial<Record<MetricName, number>>>;
  readonly rows: readonly {
    readonly id: string;
    readonly name: string;
    readonly values: Readonly<Partial<Record<MetricName, number>>>;
  }[];
  /** When the sending of the first of them began. */
  readonly firstMs?: number | undefined;
}

/** The counters of broadcasts: two reads for each. */
export async function findMetrics(table: Table, { ids, fromMs = 0, toMs, metrics }: MetricsRequest): Promise<Metrics> {
  const found = ids.length > 0 ? await named(table, ids) : await newest(table, toMs);
  const broadcasts = found.filter(
    ({ startedAtMs }) => startedAtMs !== undefined && startedAtMs >= fromMs && startedAtMs <= toMs,
  );
  const documents = await table.getMany<CountDocument>(broadcasts.map(({ id }) => countKey(id)));
  const counts = documents.map((document) => countsIn(document ?? {}));
  const valuesOf = (of: Counts) => Object.fromEntries(metrics.map((name) => [name, metricOf[name](of)]));
  const sum = countsIn({});
  for (const one of counts) for (const name of Object.keys(sum) as Counter[]) sum[name] += one[name];
  return {
    totals: valuesOf(sum),
    rows: broadcasts.map(({ id, name }, index) => ({ id, name, values: valuesOf(counts[index] ?? sum) })),
    firstMs: broadcasts.reduce<number | undefined>(
      (first, { startedAtMs = 0 }) => Math.min(first ?? startedAtMs, startedAtMs),
      undefined,
    ),
  };
}

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
