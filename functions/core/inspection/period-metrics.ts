import {
  type CountName,
  countNames,
  type Granularity,
  periodSeconds,
  type SeriesName,
  type SeriesRequest,
  type SeriesSource,
  type TimeName,
} from '../ports/series.ts';

/** The values of a period. A time is null where nothing was measured. */
export type PeriodValues = Partial<Record<CountName, number> & Record<TimeName, number | null>>;

export interface PeriodMetrics {
  /** Every period from the first to the last, oldest first. */
  readonly periods: readonly { readonly atMs: number; readonly values: PeriodValues }[];
  /** Sums; times have none. */
  readonly totals: Partial<Record<CountName, number>>;
}

/** Numbers by period. */
export interface PeriodRequest extends Omit<SeriesRequest, 'granularity' | 'fromMs' | 'toMs'> {
  /** The granularity of the numbers that are read. */
  readonly source: Granularity;
  /**
   * The beginnings of the periods and the end of the last one, epoch ms: each the beginning of a period of the source. A time (a
   * percentile) is right only where both have the same periods.
   */
  readonly bounds: readonly number[];
}

const isCount = (name: SeriesName): name is CountName => countNames.some((count) => count === name);

/** Numbers over time with a value for every period: 0 where nothing was counted. Rejects as the source does. */
export async function periodMetrics(
  source: Pick<SeriesSource, 'read'>,
  { source: granularity, bounds, names, api }: PeriodRequest,
): Promise<PeriodMetrics> {
  const [fromMs = 0, toMs = 0] = [bounds[0], bounds.at(-1)];
  const series = await source.read({ names, granularity, fromMs, toMs, api });
  const stepMs = periodSeconds[granularity] * 1000;
  const valueIn = (name: SeriesName, atMs: number, endMs: number) => {
    const values = series.get(name);
    if (!isCount(name)) return values?.get(atMs) ?? null;
    let sum = 0;
    for (let partMs = atMs; partMs < endMs; partMs += stepMs) sum += values?.get(partMs) ?? 0;
    return sum;
  };
  const periods = bounds.slice(0, -1).map((atMs, index) => ({
    atMs,
    values: Object.fromEntries(
      names.map((name) => [name, valueIn(name, atMs, bounds[index + 1] ?? atMs)]),
    ) as PeriodValues,
  }));
  const sum = (name: CountName) => periods.reduce((total, { values }) => total + (values[name] ?? 0), 0);
  return { periods, totals: Object.fromEntries(names.filter(isCount).map((name) => [name, sum(name)])) };
}
