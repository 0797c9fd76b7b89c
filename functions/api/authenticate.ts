import type { MiddlewareHandler } from 'hono';
import { type ApiKey, findApiKey, noteUse } from '../core/access/api-key.ts';
import { SendoffError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Table } from '../core/ports/table.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { isPublic, isSending } from './access.ts';

/** How long a verified key is used without another look at the table; a deleted key works no longer than this. */
const CACHE_MS = 60_000;
/** The most keys in the cache; beyond it the oldest is removed. */
const CACHE_SIZE = 1_000;

/** What a route knows of its caller. Public routes have no key. */
export interface Caller {
  Variables: { apiKey: ApiKey };
}

/**
 * Asks for `Authorization: Bearer <key>` on every route that access.ts does not list as public. Notes once an hour that a
 * key is in use, in parallel with the request's own work. The answer waits for both: a function is frozen when it has
 * answered, and a write that is under way then may be lost.
 *
 * @throws 401 `missing_api_key`, 403 `invalid_api_key`, 401 `restricted_api_key` when a key with `sending_access` asks for more.
 */
export function authenticate(table: Table, now: () => number, log: Logger): MiddlewareHandler<Caller> {
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
    if (!apiKey) throw new SendoffError('invalid_api_key', 403, 'API key is invalid');
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
    const { apiKey, noting } = await verify(token);
    if (apiKey.permission !== 'full_access' && !isSending(context)) {
      throw new SendoffError('restricted_api_key', 401, 'This API key is restricted to only send emails');
    }
    context.set('apiKey', apiKey);
    await Promise.all([next(), noting]);
  };
}
