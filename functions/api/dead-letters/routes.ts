import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { DeadLetterDependencies } from './answers.ts';

/** Loaded when a route is asked for. */
const answers = () => import('./answers.ts');

/** The routes under `/dead-letters`. */
export function deadLetterRoutes(dependencies: DeadLetterDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  routes.get('/', async (context) => (await answers()).listDeadLetters(context, dependencies));
  routes.post('/redrive', async (context) => (await answers()).redrive(context, dependencies));
  routes.post('/purge', async (context) => (await answers()).purge(context, dependencies));
  return routes;
}
