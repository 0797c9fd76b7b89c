import type { Context } from 'hono';
import { escaped, type Page } from './page.ts';

const STYLE = [
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;text-align:center;color:#1a1a1a;background:#fff}',
  'h1{font-size:1.6rem;overflow-wrap:anywhere}p{overflow-wrap:anywhere}',
  'button{font:inherit;padding:.5rem 1.5rem;margin:.5rem 0}form{margin:1rem 0}',
  'fieldset{text-align:left;border:1px solid #767676;padding:1rem}label{display:block;padding:.3rem 0}small{display:block;margin-left:1.6rem;color:#595959}',
].join('');

/** Answers a page. */
export function respond(context: Context, status: 200 | 404, { title, content }: Page): Response {
  // Whoever has the page's address can unsubscribe someone, so it is neither cached nor passed on as a referrer.
  context.header('cache-control', 'no-store');
  context.header('referrer-policy', 'no-referrer');
  context.header('x-robots-tag', 'noindex');
  context.header(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  );
  const heading = escaped(title);
  return context.html(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${heading}</title>
<style>${STYLE}</style>
<main><h1>${heading}</h1>${content}</main></html>`,
    status,
  );
}
