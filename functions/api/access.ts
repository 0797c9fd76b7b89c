import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ApiKey } from '../core/access/api-key.ts';
import { SendoffError } from '../core/errors.ts';

/** A route by its method and its path as the router has it: `POST /emails/:id/cancel`. */
export type RouteName = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

/** The routes that ask for no API key, and why. Every other route asks for one. */
export const PUBLIC_ROUTES = {
  'GET /health': 'It says only that the API is up.',
  'GET /openapi.json': 'It describes the API, which is no secret.',
  'GET /console': 'The page holds no data; it asks for a key.',
  'GET /console/assets/:name': 'The code of the page is no secret.',
  'POST /console/session': 'The key is in the body.',
  'DELETE /console/session': 'It deletes the cookie of whoever asks, also of an expired session.',
  'GET /unsubscribe/:token': 'The signed token in an email is the permission; the page changes nothing.',
  'POST /unsubscribe/:token': 'The signed token in an email is the permission (RFC 8058).',
  'GET /attachments/:id/:attachmentId': 'The signature of the download link is the permission; it expires.',
} as const satisfies Readonly<Record<RouteName, string>>;

/** The routes that a key with `sending_access` may use. */
export const SENDING_ROUTES: readonly RouteName[] = ['POST /emails', 'POST /emails/batch'];

/** True if the request reaches a route that asks for no key. */
export const isPublic = (context: Context): boolean => reachesOnly(context, Object.keys(PUBLIC_ROUTES));

/** The routes that change nothing, beside all with `GET`: a key with `read_access` may use them. */
export const READING_ROUTES: readonly RouteName[] = ['POST /console/preview'];

/**
 * Refuses a request that the key has no permission for.
 *
 * @throws 401 `restricted_api_key` for a key that may only send, as Resend does, 403 for one that may only read.
 */
export function checkPermission({ permission }: ApiKey, context: Context): void {
  if (permission === 'full_access') return;
  if (permission === 'read_access') {
    if (['GET', 'HEAD'].includes(context.req.method) || reachesOnly(context, READING_ROUTES)) return;
    throw new SendoffError('restricted_api_key', 403, 'This API key is restricted to only read');
  }
  if (!reachesOnly(context, SENDING_ROUTES))
    throw new SendoffError('restricted_api_key', 401, 'This API key is restricted to only send emails');
}

/** True if every route that the request matches is one of these. A request that matches none reaches none of them. */
function reachesOnly(context: Context, names: readonly string[]): boolean {
  const matched = matchedRoutes(context).filter(({ method }) => method !== 'ALL');
  return matched.length > 0 && matched.every(({ method, path }) => names.includes(`${method} ${path}`));
}
