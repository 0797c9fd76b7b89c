import type { Context } from 'hono';
import * as z from 'zod/mini';
import { type ApiKey, findApiKey } from '../../core/access/api-key.ts';
import { createSession } from '../../core/access/session.ts';
import { createSignInThrottle } from '../../core/access/sign-in-throttle.ts';
import { SendoffError } from '../../core/errors.ts';
import { isoOrNull } from '../../core/iso-time.ts';
import type { Table } from '../../core/ports/table.ts';
import { validate } from '../../core/validate.ts';
import { version } from '../../core/version.ts';
import type { Caller } from '../authenticate.ts';
import { errorResponse } from '../error-response.ts';
import { readJson } from '../read-json.ts';
import { isFromSite, setSession } from './session-cookie.ts';

/** The deployment, as a session shows it. */
export interface Deployment {
  readonly name: string;
  readonly region: string;
  readonly hasTasks: boolean;
  /** Path of the local inbox below the API's URL; undefined in AWS. */
  readonly inbox: string | undefined;
  readonly retentionMs: number;
}

/** The body of `POST /console/session`. */
export const sessionSchema = z.strictObject({ key: z.string().check(z.minLength(1), z.maxLength(200)) });

/** A session as the API shows it; without expiry for a request with a key. */
export function sessionView({ id, name, permission }: ApiKey, expiresAtMs: number | undefined, deployment: Deployment) {
  return {
    object: 'session',
    permission,
    key_id: id,
    key_name: name,
    expires_at: isoOrNull(expiresAtMs),
    deployment: deployment.name,
    region: deployment.region,
    version,
    tasks: deployment.hasTasks,
    inbox: deployment.inbox ?? null,
    retention_days: deployment.retentionMs / 86_400_000,
  };
}

export interface SignInDependencies {
  readonly table: Table;
  readonly now: () => number;
}

/**
 * Exchanges a key for a session; answers 429 after too many failures.
 *
 * @throws 403 `invalid_access` for a request of another site, 403 `invalid_api_key`, 403 `restricted_api_key` for a key that may only send.
 */
export async function signIn(
  context: Context<Caller>,
  { table, now }: SignInDependencies,
  deployment: Deployment,
): Promise<Response> {
  if (!isFromSite(context, ['same-origin']))
    throw new SendoffError('invalid_access', 403, 'Another site cannot sign in to the console');
  const { value } = await readJson(context);
  const { key: token } = validate(sessionSchema, value, ['key']);
  const attempt = await createSignInThrottle(table, now)(addressOf(context));
  if ('waitSeconds' in attempt) return tooManyAttempts(attempt.waitSeconds);
  const apiKey = await findApiKey(table, token);
  if (!apiKey) throw new SendoffError('invalid_api_key', 403, 'API key is invalid');
  await attempt.succeeded();
  if (apiKey.permission === 'sending_access')
    throw new SendoffError(
      'restricted_api_key',
      403,
      'This API key is restricted to only send emails: sign in with one that has `full_access` or `read_access`.',
    );
  const session = createSession(apiKey, now());
  setSession(context, session, now());
  return context.json(sessionView(apiKey, session.expiresAtMs, deployment), 201);
}

function tooManyAttempts(waitSeconds: number): Response {
  const message = `Too many failed sign-ins from this network. Try again in ${Math.ceil(waitSeconds / 60)} minutes.`;
  const response = errorResponse(new SendoffError('rate_limit_exceeded', 429, message));
  response.headers.set('retry-after', String(waitSeconds));
  return response;
}

/** The parts of both formats of events that say where a request comes from. */
interface Source {
  readonly requestContext?: {
    readonly http?: { readonly sourceIp?: string };
    readonly identity?: { readonly sourceIp?: string };
  };
}

/** The address that API Gateway saw: nobody can make it up, unlike `x-forwarded-for`. */
function addressOf(context: Context): string {
  const { requestContext }: Source = context.env?.event ?? {};
  return requestContext?.http?.sourceIp ?? requestContext?.identity?.sourceIp ?? 'unknown';
}
