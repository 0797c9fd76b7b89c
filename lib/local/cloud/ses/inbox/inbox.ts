import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './response.ts';
import { type InboxSource, inboxRoutes } from './routes.ts';

/** Handles a request below the inbox's mount point; `path` is what follows it and may carry the query. */
export type InboxHandler = (req: IncomingMessage, res: ServerResponse, path: string) => void;

/** Creates the inbox: the caught mail as JSON and as a page. */
export function createInbox(source: InboxSource): InboxHandler {
  return (req, res, path) => {
    const requested = new URL(req.url ?? '/', 'http://inbox');
    // The page's addresses are relative, so it has to be asked for with a slash at the end.
    if (req.method === 'GET' && (path === '' || path === '/') && !requested.pathname.endsWith('/')) {
      res.writeHead(308, { location: `${requested.pathname.split('/').at(-1)}/` }).end();
      return;
    }
    const url = new URL(`http://inbox${path.startsWith('/') ? '' : '/'}${path}`);
    if (!url.search) url.search = requested.search;
    for (const { method, pattern, run } of inboxRoutes) {
      const match = method === req.method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      const parts = match.slice(1).map((part) => decodeURIComponent(part ?? ''));
      Promise.resolve(run({ source, req, res, url, parts })).catch((cause: unknown) => {
        source.log(`local SES inbox: ${req.method} ${url.pathname}: ${cause instanceof Error ? cause.stack : cause}`);
        if (res.headersSent) res.destroy();
        else sendJson(res, 500, { message: 'The inbox failed; the log says why.' });
      });
      return;
    }
    sendJson(res, 404, { message: `The inbox has no ${req.method} ${url.pathname}.` });
  };
}
