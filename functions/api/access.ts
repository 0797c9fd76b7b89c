import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';

/** A route by its method and its path as the router has it: `POST /emails/:id/cancel`. */
export type RouteName = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

/** The routes that ask for no API key, and why. Every other route asks for one. */
export const PUBLIC_ROUTES = {
  'GET /health': 'It says only that the API is up.',
  'GET /openapi.json': 'It describes the API, which is no secret.',
  'GET /unsubscribe/:token': 'The signed token in an email is the permission; the page changes nothing.',
  'POST /unsubscribe/:token': 'The signed token in an email is the permission (RFC 8058).',
  'GET /attachments/:id/:attachmentId': 'The signature of the download link is the permission; it expires.',
} as const satisfies Readonly<Record<RouteName, string>>;

/** The routes that a key with `sending_access` may use. A key with `full_access` may use all. */
export const SENDING_ROUTES: readonly RouteName[] = ['POST /emails', 'POST /emails/batch'];

/** True if the request reaches a route that asks for no key. */
export const isPublic = (context: Context): boolean => reachesOnly(context, Object.keys(PUBLIC_ROUTES));

/** True if a key with `sending_access` may make the request. */
export const isSending = (context: Context): boolean => reachesOnly(context, SENDING_ROUTES);

/** True if every route that the request matches is one of these. A request that matches none reaches none of them. */
function reachesOnly(context: Context, names: readonly string[]): boolean {
  const matched = matchedRoutes(context).filter(({ method }) => method !== 'ALL');
  return matched.length > 0 && matched.every(({ method, path }) => names.includes(`${method} ${path}`));
}
