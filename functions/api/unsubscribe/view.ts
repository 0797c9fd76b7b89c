import type { Context } from 'hono';

/** A page with a title and this HTML below it. */
export function page(context: Context, status: 200 | 404, title: string, content: string): Response {
  const escaped = title.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  // Whoever has the page's address can unsubscribe someone, so it is neither cached nor passed on as a referrer.
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
