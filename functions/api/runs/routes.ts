import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';

/** Loaded when a route is asked for. */
const answers = () => import('./answers.ts');

/** The routes under `/runs`. */
export function runRoutes(dependencies: TaskRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => (await answers()).listRuns(context, dependencies));
  routes.post('/retry', async (context) => (await answers()).retryFailedRuns(context, dependencies));
  routes.get('/:id', async (context) => (await answers()).getRun(context, dependencies));
  routes.post('/:id/cancel', async (context) => (await answers()).cancelRun(context, dependencies));
  routes.post('/:id/retry', async (context) => (await answers()).retryRun(context, dependencies));
  return routes;
}
