import type { MiddlewareHandler } from 'hono';
import { type ApiKey, findApiKey, noteUse } from '../core/access/api-key.ts';
import { createRateLimit } from '../core/access/rate-limit.ts';
import { SendoffError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Table } from '../core/ports/table.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { isPublic, isSending } from './access.ts';
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
 * Asks for `Authorization: Bearer <key>` on every route that access.ts does not list as public. Notes once an hour that a
 * key is in use, in parallel with the request's own work. The answer waits for both: a function is frozen when it has
 * answered, and a write that is under way then may be lost.
 *
 * With a limit, each request is counted by the call that reads its key; beyond the limit the answer is 429.
 *
 * @throws 401 `missing_api_key`, 403 `invalid_api_key`, 401 `restricted_api_key` when a key with `sending_access` asks for more.
 */
export function authenticate({ table, now, log, keyRateLimit = 0 }: AuthenticationOptions): MiddlewareHandler<Caller> {
  const admit = keyRateLimit > 0 ? createRateLimit(table, keyRateLimit) : undefined;
  const cache = new Map<string, { apiKey: ApiKey; untilMs: number }>();

  const noted = (apiKey: ApiKey): Promise<void> =>
    noteUse(table, apiKey, now()).catch((error: unknown) =>
      log.warn('the use of an API key could not be noted', { keyId: apiKey.id, error }),
    );

  const verify = async (token: string): Promise<{ apiKey: ApiKey; noting?: Promise<void> }> => {
    // The cache holds hashes: a heap dump must not show tokens.
    const hash = sha256(token);
    const cached = cache.get(hash);
    if (cached && cached.untilMs > now()) return { apiKey: cached.apiKey };
    const apiKey = await findApiKey(table, token);
    cache.delete(hash);
    if (!apiKey) throw invalidKey();
    const [oldest] = cache.keys();
    if (oldest !== undefined && cache.size >= CACHE_SIZE) cache.delete(oldest);
    cache.set(hash, { apiKey, untilMs: now() + CACHE_MS });
    return { apiKey, noting: noted(apiKey) };
  };

  return async (context, next) => {
    if (isPublic(context)) return next();
    const [, token] = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '') ?? [];
    if (!token)
      throw new SendoffError(
        'missing_api_key',
        401,
        'Missing API key in the authorization header: `Authorization: Bearer <key>`',
      );
    const admission = await admit?.(token, now());
    if (admission?.admitted === false) return tooManyRequests(keyRateLimit, admission);
    if (admission && !admission.apiKey) throw invalidKey();
    const { apiKey, noting } = admission?.apiKey
      ? { apiKey: admission.apiKey, noting: noted(admission.apiKey) }
      : await verify(token);
    if (apiKey.permission !== 'full_access' && !isSending(context)) {
      throw new SendoffError('restricted_api_key', 401, 'This API key is restricted to only send emails');
    }
    context.set('apiKey', apiKey);
    await Promise.all([next(), noting]);
    if (admission) withRateHeaders(context.res, keyRateLimit, admission);
  };
}

const invalidKey = () => new SendoffError('invalid_api_key', 403, 'API key is invalid');
