import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';

/** Loaded when a route is asked for. */
const answers = () => import('./answers.ts');

/** The routes under `/run-groups`. */
export function runGroupRoutes(dependencies: TaskRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.post('/', async (context) => (await answers()).postGroup(context, dependencies));
  routes.get('/:id', async (context) => (await answers()).getGroup(context, dependencies));
  routes.post('/:id/members', async (context) => (await answers()).postMembers(context, dependencies));
  routes.post('/:id/close', async (context) => (await answers()).postClose(context, dependencies));
  return routes;
}
