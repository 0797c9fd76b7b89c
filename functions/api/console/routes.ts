import { Hono } from 'hono';
import type { Backend } from '../../core/ports/backend.ts';
import type { Caller } from '../authenticate.ts';
import type { ConsoleFiles } from './files.ts';
import type { Deployment } from './session.ts';
import { clearSession, isFromConsole, sessionOf } from './session-cookie.ts';

export interface ConsoleRouteDependencies {
  readonly backend: Pick<Backend, 'table' | 'bodies'>;
  readonly now: () => number;
  readonly files: ConsoleFiles;
  readonly deployment: () => Deployment;
}

/** The routes under `/console`: the page, its assets, sessions. Their code is loaded when it is needed: most requests are not for it. */
export function consoleRoutes({ files, deployment, ...dependencies }: ConsoleRouteDependencies): Hono<Caller> {
  const { now } = dependencies;
  const routes = new Hono<Caller>();

  routes.get('/', async (context) => (await import('./page.ts')).answerPage(context, files));
  routes.get('/assets/:name', async (context) =>
    (await import('./page.ts')).answerAsset(context, files, context.req.param('name')),
  );

  routes.post('/session', async (context) => {
    const { signIn } = await import('./session.ts');
    return signIn(context, { table: dependencies.backend.table, now }, deployment());
  });

  routes.get('/session', async (context) => {
    const { sessionView } = await import('./session.ts');
    // A request with a key has none.
    const session = sessionOf(context, now());
    return context.json(sessionView(context.get('apiKey'), session?.expiresAtMs, deployment()));
  });

  routes.delete('/session', (context) => {
    if (isFromConsole(context)) clearSession(context);
    return context.json({ object: 'session', deleted: true });
  });

  // Form fields, so that a frame can show the answer.
  routes.post('/preview', async (context) => (await import('./preview.ts')).previewForm(context));
  routes.get('/preview/emails/:id', async (context) =>
    (await import('./preview.ts')).previewEmail(context, dependencies, context.req.param('id')),
  );
  routes.get('/preview/templates/:id', async (context) =>
    (await import('./preview.ts')).previewTemplate(context, dependencies, context.req.param('id')),
  );
  routes.get('/preview/broadcasts/:id', async (context) =>
    (await import('./preview.ts')).previewBroadcast(context, dependencies, context.req.param('id')),
  );

  return routes;
}
