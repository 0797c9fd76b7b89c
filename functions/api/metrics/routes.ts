import { Hono } from 'hono';
import { findMetrics } from '../../core/inspection/outcome-metrics.ts';
import type { Caller } from '../authenticate.ts';
import { answerPeriods, type MetricsDependencies } from './periods.ts';
import { checkParameters, parseMetrics, wantsPeriods } from './request.ts';
import { metricsView } from './view.ts';

/** The route `GET /emails/metrics`: numbers of all emails over time, the counters of broadcasts, or those of single emails. */
export function metricsRoutes(dependencies: MetricsDependencies): Hono<Caller> {
  const { table, now } = dependencies;
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => {
    const queries = context.req.queries();
    checkParameters(queries);
    if (wantsPeriods(queries)) return answerPeriods(context, dependencies);
    const request = parseMetrics(queries, now());
    return context.json(metricsView(request, await findMetrics(table, request)));
  });
  return routes;
}
