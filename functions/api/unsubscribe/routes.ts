import { type Context, Hono } from 'hono';
import type { Table } from '../../core/ports/table.ts';
import { suppress } from '../../core/suppression/suppression.ts';
import { createUnsubscribeKey, openToken } from '../../core/suppression/unsubscribe-link.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';

/**
 * `GET /unsubscribe/{token}` shows a page and changes nothing: scanners of mail follow links. `POST` does it, from the
 * page's button or from the mail program's own (RFC 8058). No key is asked for: the token is the right to do it.
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

function page(context: Context, status: 200 | 404, title: string, content: string): Response {
  const escaped = title.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  // The page's address is the right to unsubscribe someone: it is neither kept nor passed on.
  context.header('cache-control', 'no-store');
  context.header('referrer-policy', 'no-referrer');
  context.header('x-robots-tag', 'noindex');
  context.header(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  );
  return context.html(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;text-align:center}button{font:inherit;padding:.5rem 1.5rem}</style>
<h1>${escaped}</h1>${content}</html>`,
    status,
  );
}
