import { signal } from '@preact/signals';

/** An answer that is no success, or none at all. */
export class ApiError extends Error {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** Seconds to wait, if the answer said so. */
  readonly retryAfterSeconds: number | undefined;

  /** `name` is the error's name in the API, such as `not_found`. */
  constructor(status: number, name: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = name;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Answer {
  /** 304: what the caller has is still right. */
  readonly unchanged: boolean;
  readonly body: unknown;
  readonly etag: string | undefined;
}

/** Errors that say that there is no session, or that its key was revoked. */
const SIGNED_OUT = ['missing_api_key', 'invalid_api_key'];

/** Becomes true when the API refuses the session; signing in makes it false. */
export const sessionEnded = signal(false);

/** True while a request has been waiting for longer than 4 s. */
export const slow = signal(false);
const SLOW_MS = 4000;
/** API Gateway gives up after 30 s. */
const TIMEOUT_MS = 35_000;
let slowRequests = 0;

/** Where the API is: the page's address without `/console`, so that stages and custom domains work. */
export const baseUrl = () => location.pathname.replace(/\/console\/?$/, '');

/** Calls the API as the signed-in session and gives the parsed answer. Throws an ApiError. */
export async function api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  return (await call(method, path, body)).body as T;
}

/** One request; `etag` of an earlier answer saves the transfer of an unchanged one. */
export async function call(method: string, path: string, body?: unknown, etag?: string): Promise<Answer> {
  const response = await send(method, path, body, etag);
  if (response.status === 304) return { unchanged: true, body: undefined, etag };
  const parsed = await parse(response);
  if (response.ok) return { unchanged: false, body: parsed, etag: response.headers.get('etag') ?? undefined };
  const error = errorOf(response, parsed);
  if (SIGNED_OUT.includes(error.name) && !path.startsWith('/console/session')) sessionEnded.value = true;
  throw error;
}

async function send(method: string, path: string, body: unknown, etag: string | undefined): Promise<Response> {
  let isSlow = false;
  const patience = setTimeout(() => {
    isSlow = true;
    slowRequests += 1;
    slow.value = true;
  }, SLOW_MS);
  const raw = typeof body === 'string' || body instanceof Blob || body instanceof FormData;
  try {
    return await fetch(baseUrl() + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'sendoff-console': '1',
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  } catch (cause) {
    throw Object.assign(new ApiError(0, 'unreachable', 'The API did not answer. Check your connection.'), { cause });
  } finally {
    clearTimeout(patience);
    if (isSlow) slowRequests -= 1;
    slow.value = slowRequests > 0;
  }
}

async function parse(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function errorOf(response: Response, parsed: unknown): ApiError {
  const { name, message } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Partial<ApiError>;
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return new ApiError(response.status, name ?? 'error', message ?? `The API answered ${response.status}.`, retryAfter);
}
