import { Hono } from 'hono';
import type { Table } from '../../core/ports/table.ts';
import { suppress } from '../../core/suppression/suppression.ts';
import { createUnsubscribeKey, openToken } from '../../core/suppression/unsubscribe-link.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';
import { page } from './view.ts';

/**
 * `GET /unsubscribe/{token}` shows a page and changes nothing, because mail scanners follow links. `POST` unsubscribes: the
 * page's button and the mail program's own (RFC 8058) send it.
 */
export function unsubscribeRoutes(table: Table, publish: Publish, now: () => number): Hono {
  const routes = new Hono();
  const unsubscribeKey = createUnsubscribeKey(table);

  routes.get('/:token', async (context) => {
    const unsubscription = openToken(await unsubscribeKey(), context.req.param('token'));
    if (!unsubscription) return page(context, 404, 'This link is not valid', '');
    const button = '<form method="post"><button>Unsubscribe</button></form>';
    return page(context, 200, `Stop email from ${unsubscription.sender}?`, button);
  });

  routes.post('/:token', async (context) => {
    const unsubscription = openToken(await unsubscribeKey(), context.req.param('token'));
    if (!unsubscription) return page(context, 404, 'This link is not valid', '');
    const { email, sender, emailId } = unsubscription;
    await suppress(table, publish, [{ email, sender, origin: 'unsubscribe', sourceId: emailId, atMs: now() }]);
    return page(context, 200, `You will get no more email from ${sender}`, '');
  });

  return routes;
}
