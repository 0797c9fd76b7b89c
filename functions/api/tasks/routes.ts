import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { TaskRouteDependencies } from './user-tasks.ts';

/** The code behind the routes: loaded when one is asked for, so that sending starts no slower. */
const answers = () => import('./answers.ts');

/** The routes under `/tasks`. */
export function taskRoutes(dependencies: TaskRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => (await answers()).listTasks(context, dependencies));
  routes.get('/:name', async (context) => (await answers()).getTask(context, dependencies));
  routes.post('/:name', async (context) => (await answers()).callTask(context, dependencies));
  return routes;
}
