import type { Context } from 'hono';
import { periodMetrics } from '../../core/inspection/period-metrics.ts';
import type { SeriesRequest } from '../../core/ports/series.ts';
import type { Table } from '../../core/ports/table.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Operations } from '../../runtime/operations/operations.ts';
import type { Caller } from '../authenticate.ts';
import { isBehindRestApi } from '../base-url.ts';
import { parsePeriods } from './parse-periods.ts';
import { periodMetricsView } from './view.ts';

export interface MetricsDependencies {
  readonly table: Table;
  readonly operations: Operations;
  readonly now: () => number;
  readonly log: Logger;
  /** The name of the REST API, if it is one. */
  readonly restApiName?: string | undefined;
}

/** A page without graphs is better than an error: everything else on it still works. */
const NOT_READABLE = 'CloudWatch did not answer; the log of the API says why. Ask again in a moment.';

/** `GET /emails/metrics` of all emails, by period or together. */
export async function answerPeriods(
  context: Context<Caller>,
  { operations, now, log, restApiName }: MetricsDependencies,
): Promise<Response> {
  const request = { ...parsePeriods(context.req.queries(), now()), api: apiOf(context, restApiName) };
  const { data, ...sums } = await periodMetrics(operations.series, request).then(
    (metrics) => periodMetricsView(request, metrics),
    (error) => {
      log.warn('metrics not readable', { error });
      return periodMetricsView(request, { periods: [], totals: {} }, NOT_READABLE);
    },
  );
  return context.json(request.dimensions.length === 0 ? sums : { ...sums, data });
}

/** The API that this request came through; its metrics have the id of an HTTP API and the name of a REST API. */
function apiOf(context: Context, restApiName: string | undefined): SeriesRequest['api'] {
  if (isBehindRestApi(context)) return restApiName === undefined ? undefined : { name: restApiName };
  const id: string | undefined = context.env?.event?.requestContext?.apiId;
  return id === undefined ? undefined : { id };
}
