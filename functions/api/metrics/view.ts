import type { Metrics } from '../../core/inspection/outcome-metrics.ts';
import type { PeriodMetrics } from '../../core/inspection/period-metrics.ts';
import { iso } from '../../core/iso-time.ts';
import type { parsePeriods } from './parse-periods.ts';
import type { parseMetrics } from './request.ts';

/** The answer of `GET /emails/metrics` with numbers of all emails by period. */
export function periodMetricsView(
  { bounds, granularity, names, dimensions }: ReturnType<typeof parsePeriods>,
  { periods, totals }: PeriodMetrics,
  /** Why there are no numbers. */
  note?: string,
) {
  return {
    object: 'metrics' as const,
    start_date: iso(bounds[0] ?? 0),
    end_date: iso(bounds.at(-1) ?? 0),
    metrics: names,
    dimensions,
    granularity,
    totals,
    data: periods.map(({ atMs, values }) => ({ period: iso(atMs), ...values })),
    /** Why there are no numbers; null if there are. */
    note: note ?? null,
  };
}

/** The answer of `GET /emails/metrics` with what was counted of broadcasts or of single emails. */
export function metricsView(
  { fromMs, toMs, metrics, dimensions, granularity }: ReturnType<typeof parseMetrics>,
  { totals, rows, firstMs }: Metrics,
) {
  const data = rows.map(({ domain, emailId, broadcast, values }) => ({
    ...(domain ? { domain_id: domain.id, domain_name: domain.name } : {}),
    ...(emailId === undefined ? {} : { email_id: emailId }),
    ...(broadcast ? { broadcast_id: broadcast.id, broadcast_name: broadcast.name } : {}),
    ...values,
  }));
  return {
    object: 'metrics',
    start_date: iso(fromMs ?? Math.min(firstMs ?? toMs, toMs)),
    end_date: iso(toMs),
    ...{ metrics, dimensions, granularity, totals },
    ...(dimensions.length > 0 ? { data } : {}),
  };
}
