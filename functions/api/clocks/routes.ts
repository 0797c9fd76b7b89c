import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';

/** Loaded when a route is asked for. */
const answers = () => import('./answers.ts');

/** The routes under `/clocks`. */
export function clockRoutes(dependencies: TaskRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => (await answers()).listClocks(context, dependencies));
  routes.get('/:task', async (context) => (await answers()).getClock(context, dependencies));
  routes.post('/:task/pause', async (context) => (await answers()).pauseClock(context, dependencies));
  routes.post('/:task/resume', async (context) => (await answers()).resumeClock(context, dependencies));
  routes.post('/:task/run', async (context) => (await answers()).runClock(context, dependencies));
  return routes;
}
