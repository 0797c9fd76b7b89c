import { Hono } from 'hono';
import type { Caller } from '../authenticate.ts';
import type { StatusDependencies } from './answer.ts';

/** The route `GET /status`; its code is loaded when it is asked for. */
export function statusRoutes(dependencies: StatusDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  let answer: Promise<() => Promise<object>> | undefined;
  routes.get('/', async (context) => {
    answer ??= import('./answer.ts').then(({ createStatus }) => createStatus(dependencies));
    return context.json(await (await answer)());
  });
  return routes;
}
