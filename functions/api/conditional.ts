import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { Caller } from './authenticate.ts';

/**
 * Answers a GET whose JSON the caller has already with 304 and no body (RFC 9110, 13.1.2). Only for requests that ask for it, by
 * `if-none-match` or as the console: to others the hash would be of no use. The work of the request is done all the same.
 */
export function conditional(): MiddlewareHandler<Caller> {
  return async (context, next) => {
    await next();
    const { res } = context;
    if (!isAsked(context) || res.status !== 200 || !/^application\/json\b/.test(res.headers.get('content-type') ?? ''))
      return;
    const body = await res.clone().arrayBuffer();
    const tag = `"${createHash('sha256').update(Buffer.from(body)).digest('base64url').slice(0, 22)}"`;
    const headers = new Headers(res.headers);
    headers.set('etag', tag);
    // The answers are personal data: a browser is not to keep them on disk.
    if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store');
    // Hono copies the headers of an answer that is replaced to the next one.
    context.res = undefined;
    if (!hasTag(context.req.header('if-none-match'), tag)) {
      context.res = new Response(body, { status: 200, headers });
      return;
    }
    headers.delete('content-type');
    headers.delete('content-length');
    context.res = new Response(null, { status: 304, headers });
  };
}

const isAsked = ({ req }: Context): boolean =>
  req.method === 'GET' && (req.header('if-none-match') !== undefined || req.header('sendoff-console') !== undefined);

/** True if a list of entity tags has this one. Tags are compared weakly, as a cache or a proxy may have marked them as weak. */
const hasTag = (list = '', tag: string): boolean =>
  list.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*');
