import { createApiKey } from '../../functions/core/access/api-key.ts';
import { deleteApiKey } from '../../functions/core/access/api-key-deletion.ts';
import type { Context } from './context.ts';
import { output } from './deployment.ts';
import { CliError, exitCodes } from './errors.ts';

/** Longer than the API's own time-out of 28 s, so that its answer comes first. */
const ANSWER_TIMEOUT_MS = 35_000;
/** A key that this process makes expires after this time, in case the process dies; it makes another one in time. */
const KEY_MS = 3_600_000;
const RENEW_MS = 50 * 60_000;
/** Tries of a request that was not answered, or answered with 429 or 5xx; and the first wait between them, which doubles. */
const TRIES = 6;
const FIRST_WAIT_MS = 500;

// biome-ignore lint/suspicious/noExplicitAny: the caller knows the answer of its request.
export type Json = any;

/** The API refused a request. */
export class Refusal extends CliError {
  /** The HTTP status. */
  readonly status: number;

  constructor(said: string, status: number) {
    const exitCode = status === 404 ? exitCodes.notFound : status === 422 ? exitCodes.usage : exitCodes.failed;
    super(`Refused: ${said} (${status})`, exitCode);
    this.status = status;
  }
}

/** The API of the deployment, with full access. */
export interface Api {
  /**
   * Makes a request, with a form or with JSON; one that fails for a moment is repeated, so it must be harmless when it comes twice. Throws a CliError with the
   * API's message.
   */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Json>;
  /** True if the requests of another process have the same API key. */
  readonly ownKey: boolean;
}

/** Uses the API with SENDOFF_API_KEY, or else with keys that are made for this command and deleted after it. */
export async function withApi<T>(context: Context, use: (api: Api) => Promise<T>): Promise<T> {
  const { SENDOFF_API_KEY: token, SENDOFF_API_URL: url } = context.terminal.env;
  const deployment = token && url ? undefined : await context.deployment();
  const apiUrl = deployment ? output(deployment, 'ApiUrl') : (url ?? '').replace(/\/$/, '');
  // The Sendoff on this machine does not know the keys of a deployed stack.
  if (token && !deployment?.local) return use({ ask: asking(apiUrl, async () => token), ownKey: true });
  const keys = temporaryKeys(context);
  try {
    return await use({ ask: asking(apiUrl, keys.token), ownKey: false });
  } finally {
    await keys.end();
  }
}

/** Keys with full access that last for a moment. */
function temporaryKeys({ backend, now }: Context) {
  const made: string[] = [];
  let current: { token: string; untilMs: number } | undefined;
  return {
    token: async (): Promise<string> => {
      if (current && current.untilMs > now()) return current.token;
      const { table } = await backend();
      const key = { name: 'sendoff CLI (temporary)', permission: 'full_access' } as const;
      const { id, token } = await createApiKey(table, { ...key, expiresAtMs: now() + KEY_MS }, now());
      made.push(id);
      current = { token, untilMs: now() + RENEW_MS };
      return token;
    },
    end: async (): Promise<void> => {
      const { table } = await backend();
      for (const id of made) await deleteApiKey(table, id, now(), { force: true });
    },
  };
}

function asking(apiUrl: string, token: () => Promise<string>): Api['ask'] {
  return async (method, path, body, headers = {}) => {
    // The boundary of a form is in the content type that fetch makes.
    const isForm = body instanceof FormData;
    const type = isForm ? {} : { 'content-type': 'application/json' };
    for (let tries = 1; ; tries++) {
      const response = await answered(`${apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${await token()}`, ...type, ...headers },
        ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      }).catch((error: unknown) => {
        if (tries >= TRIES) throw error;
        return undefined;
      });
      const again = !response || response.status === 429 || response.status >= 500;
      if (response && (!again || tries >= TRIES)) return readAnswer(response);
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (tries - 1)));
    }
  };
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function answered(url: string, request: RequestInit): Promise<Answered> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  return { status: response.status, text: await response.text() };
}

function readAnswer({ status, text }: Answered): Json {
  const body = parsed(text);
  if (status < 300) return body;
  const said = typeof body?.message === 'string' ? body.message : text.slice(0, 200);
  throw new Refusal(said, status);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
