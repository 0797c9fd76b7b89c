import type { Context } from 'hono';

/** What of an invocation by a REST API tells its stage; no other entry has both. */
interface RestEvent {
  readonly path?: string;
  readonly requestContext?: { readonly path?: string };
}

/** True behind a REST API, which passes no binary answers. */
export function isBehindRestApi(context: Context): boolean {
  const { requestContext }: RestEvent = context.env?.event ?? {};
  return requestContext?.path !== undefined;
}

/** Set by API Gateway; the adapter takes every URL for https. */
const PROTOCOLS = ['http', 'https'];

/**
 * The address callers put before a path, without a slash at its end. A REST API has its stage there (`/prod`), of which
 * the path that the function sees knows nothing; behind a host name of its own there is none.
 */
export function baseUrl(context: Context): string {
  const { host, protocol } = new URL(context.req.url);
  const forwarded = context.req.header('x-forwarded-proto') ?? '';
  const origin = `${PROTOCOLS.includes(forwarded) ? `${forwarded}:` : protocol}//${host}`;
  const { path, requestContext }: RestEvent = context.env?.event ?? {};
  const whole = requestContext?.path;
  return path !== undefined && whole?.endsWith(path) ? origin + whole.slice(0, -path.length) : origin;
}
