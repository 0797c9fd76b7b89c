import type { Context } from 'hono';
import { readSession, type Session, type SessionCredential } from '../../core/access/session.ts';
import { baseUrl } from '../base-url.ts';

/** A page of another origin cannot send it: the browser asks first, and the API never allows it (CORS). */
const CONSOLE_HEADER = 'sendoff-console';
const PREVIEW = '/console/preview';

/**
 * Browsers take `__Host-` only over https, for this very host and with `Secure`. The local cloud speaks http; cookies know no ports, so the
 * name keeps two of them apart.
 */
const isSecure = (context: Context): boolean => baseUrl(context).startsWith('https:');
const nameOf = (context: Context): string =>
  isSecure(context) ? '__Host-sendoff' : `sendoff-${new URL(context.req.url).port}`;

/**
 * The session of a request of the console; undefined if there is none, or if another site may have caused the request.
 * A frame cannot set headers, so a preview, which changes nothing, takes the cookie alone.
 */
export function sessionOf(context: Context, nowMs: number): SessionCredential | undefined {
  if (!isFromConsole(context) && !isPreview(context)) return undefined;
  const cookie = context.req.header('cookie');
  const prefix = `${nameOf(context)}=`;
  const pair = cookie?.split(/; */).find((one) => one.startsWith(prefix));
  return pair === undefined ? undefined : readSession(pair.slice(prefix.length), nowMs);
}

/** True for a request that a script of the console's own page made. */
export function isFromConsole(context: Context): boolean {
  return context.req.header(CONSOLE_HEADER) === '1' && isFromSite(context, ['same-origin']);
}

/** `none`: a person has opened the address. */
function isPreview(context: Context): boolean {
  const { method, path } = context.req;
  const isOne = method === 'POST' ? path === PREVIEW : method === 'GET' && path.startsWith(`${PREVIEW}/`);
  return isOne && isFromSite(context, ['same-origin', 'none']);
}

/** Older browsers do not say where a request comes from; `SameSite=Strict` keeps their cookie out of other sites' requests. */
export function isFromSite(context: Context, allowed: readonly string[]): boolean {
  const site = context.req.header('sec-fetch-site');
  return site === undefined || allowed.includes(site);
}

/** Lets the browser keep a session until it expires. */
export function setSession(context: Context, { value, expiresAtMs }: Session, nowMs: number): void {
  context.header('set-cookie', cookieOf(context, value, Math.floor((expiresAtMs - nowMs) / 1_000)));
}

/** Lets the browser delete its session. */
export function clearSession(context: Context): void {
  context.header('set-cookie', cookieOf(context, '', 0));
}

function cookieOf(context: Context, value: string, maxAgeSeconds: number): string {
  const secure = isSecure(context) ? '; Secure' : '';
  return `${nameOf(context)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}
