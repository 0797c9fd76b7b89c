import type { Context, MiddlewareHandler } from 'hono';
import { type ApiKey, type Credential, findKeyOf, noteUse, tokenCredential } from '../core/access/api-key.ts';
import { createRateLimit } from '../core/access/rate-limit.ts';
import { SendoffError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Table } from '../core/ports/table.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { checkPermission, isPublic } from './access.ts';
import { sessionOf } from './console/session-cookie.ts';
import { tooManyRequests, withRateHeaders } from './rate-limit.ts';

/** How long a verified key is used without another look at the table; a deleted key works no longer than this. */
const CACHE_MS = 60_000;
/** The most keys in the cache; beyond it the oldest is removed. */
const CACHE_SIZE = 1_000;

/** The context of a route with the key of its caller. Public routes have no key. */
export interface Caller {
  Variables: { apiKey: ApiKey };
}

export interface AuthenticationOptions {
  readonly table: Table;
  readonly now: () => number;
  readonly log: Logger;
  /** Requests a second of one API key; 0 or absent: no limit. */
  readonly keyRateLimit?: number | undefined;
}

/**
 * Asks for `Authorization: Bearer <key>`, or a session of the console, on every route that access.ts does not list as public. Notes once an hour that a
 * key is in use, in parallel with the request's own work. The answer waits for both: a function is frozen when it has
 * answered, and a write that is under way then may be lost.
 *
 * With a limit, each request is counted by the call that reads its key; beyond the limit the answer is 429.
 *
 * @throws 401 `missing_api_key`, 403 `invalid_api_key`, 401 or 403 `restricted_api_key` when a key asks for more than it may.
 */
export function authenticate({ table, now, log, keyRateLimit = 0 }: AuthenticationOptions): MiddlewareHandler<Caller> {
  const admit = keyRateLimit > 0 ? createRateLimit(table, keyRateLimit) : undefined;
  const cache = new Map<string, { apiKey: ApiKey; untilMs: number }>();

  const noted = (apiKey: ApiKey): Promise<void> =>
    noteUse(table, apiKey, now()).catch((error: unknown) =>
      log.warn('the use of an API key could not be noted', { keyId: apiKey.id, error }),
    );

  /** `shown` is the token or the session. */
  const verify = async (shown: string, credential: Credential): Promise<{ apiKey: ApiKey; noting?: Promise<void> }> => {
    // The cache holds hashes: a heap dump must not show tokens.
    const hash = sha256(shown);
    const cached = cache.get(hash);
    if (cached && cached.untilMs > now()) return { apiKey: cached.apiKey };
    const apiKey = await findKeyOf(table, credential);
    cache.delete(hash);
    if (!apiKey) throw invalidKey();
    const [oldest] = cache.keys();
    if (oldest !== undefined && cache.size >= CACHE_SIZE) cache.delete(oldest);
    cache.set(hash, { apiKey, untilMs: now() + CACHE_MS });
    return { apiKey, noting: noted(apiKey) };
  };

  return async (context, next) => {
    if (isPublic(context)) return next();
    const { shown, credential, isSession } = credentialOf(context, now());
    // The id of a key is no secret: who shows a false session must not use up the key's requests.
    const session = admit && isSession ? await verify(shown, credential) : undefined;
    const admission = await admit?.(credential, now());
    if (admission?.admitted === false) return tooManyRequests(keyRateLimit, admission);
    if (admission && !admission.apiKey) throw invalidKey();
    const { apiKey, noting } =
      session ??
      (admission?.apiKey
        ? { apiKey: admission.apiKey, noting: noted(admission.apiKey) }
        : await verify(shown, credential));
    checkPermission(apiKey, context);
    context.set('apiKey', apiKey);
    await Promise.all([next(), noting]);
    if (admission) withRateHeaders(context.res, keyRateLimit, admission);
  };
}

/** The token or the session of a request. */
interface Shown {
  readonly shown: string;
  readonly credential: Credential;
  readonly isSession: boolean;
}

/** The key in the header `authorization`, or else the session of the console. */
function credentialOf(context: Context, nowMs: number): Shown {
  const [, token] = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
  if (token) return { shown: token, credential: tokenCredential(token), isSession: false };
  const session = sessionOf(context, nowMs);
  if (session) return { shown: session.value, credential: session, isSession: true };
  throw new SendoffError(
    'missing_api_key',
    401,
    'Missing API key in the authorization header: `Authorization: Bearer <key>`',
  );
}

const invalidKey = () => new SendoffError('invalid_api_key', 403, 'API key is invalid');
