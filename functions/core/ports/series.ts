import type { InspectedQueue } from './inspection.ts';

/** Counts of emails over time. */
export const countNames = ['accepted', 'sent', 'delivered', 'failed', 'retried', 'bounced', 'complained'] as const;
export type CountName = (typeof countNames)[number];

/** Times in ms, as percentiles: from the accept (or `scheduled_at`) to the send of transactional emails; of the API's answers. */
export const timeNames = ['send_time_p50', 'send_time_p95', 'answer_time_p50', 'answer_time_p95'] as const;
export type TimeName = (typeof timeNames)[number];

export type SeriesName = CountName | TimeName;
export const seriesNames: readonly SeriesName[] = [...countNames, ...timeNames];

/** The seconds of a period. */
export const periodSeconds = { minute: 60, five_minutes: 300, hourly: 3_600, daily: 86_400 } as const;
export type Granularity = keyof typeof periodSeconds;

/** A question for numbers over time. Both times are whole periods of the granularity, in epoch ms. */
export interface SeriesRequest {
  readonly names: readonly SeriesName[];
  readonly granularity: Granularity;
  readonly fromMs: number;
  /** The end, which does not belong to it. */
  readonly toMs: number;
  /** The API of API Gateway whose answers are timed: the id of an HTTP API, the name of a REST API. Absent: no times of answers. */
  readonly api?: { readonly id: string } | { readonly name: string } | undefined;
}

/** Values by the beginning of their period (epoch ms); periods without data are missing. */
export type Series = ReadonlyMap<number, number>;

/** Numbers over time, from where the functions' metrics are. */
export interface SeriesSource {
  /** Rejects when the numbers cannot be read. */
  read(request: SeriesRequest): Promise<ReadonlyMap<SeriesName, Series>>;
  /** Seconds that the oldest job of each queue has waited, for queues whose broker does not tell it; by queue, where they are known. */
  ages(queues: readonly InspectedQueue[]): Promise<ReadonlyMap<InspectedQueue, number>>;
}
