import { type ErrorCode, SendoffError } from '../core/errors.ts';
import type { GroupRequest, RunRequest, Transport } from '../core/run/accept/transport.ts';

export interface HttpTransportOptions {
  /** The URL of the API. */
  readonly url: string;
  /** A key with `full_access`. */
  readonly apiKey: string;
  /** Resolves after so many ms. A parameter for tests. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** Tries of a request that was not answered, or answered 429 or 5xx; the first wait between them doubles, with full jitter. */
const TRIES = 5;
const FIRST_WAIT_MS = 200;
/** The longest `retry-after` that is kept to. */
const LONGEST_WAIT_MS = 10_000;
/** Longer than the API's own time-out of 28 s. */
const ANSWER_TIMEOUT_MS = 35_000;
/** Requests under way at once. */
const AT_ONCE = 8;
/** Members of a group in one request: full shards of 100, at most 500, and no more bytes than the API takes. */
const SHARD_MEMBERS = 100;
const PIECE_MEMBERS = 500;
const PIECE_BYTES = 4_000_000;

interface Answer {
  readonly id: string;
  readonly runs?: readonly { readonly id: string }[];
}

/**
 * Calls tasks by the HTTP API, with nothing but `fetch`. A request that failed for a moment is repeated with the same idempotency key or
 * id, so that it makes one run; only a call of a task with `keep: false` and without a key may then run twice.
 *
 * Its errors are SendoffErrors with the API's code and message; `retryable` is true if all tries failed for a moment.
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const post = poster(options);
  return {
    accept: (requests) =>
      inTurns(requests, async (request) => {
        const path = `/tasks/${encodeURIComponent(request.task)}`;
        const { id } = await post(path, { ...bodyOf(request), ...identityOf(request) });
        return { id };
      }),
    async group({ members, then }: GroupRequest) {
      // biome-ignore lint/suspicious/noThenProperty: the field of the request; nothing awaits it
      const { id } = await post('/run-groups', then ? { then: { task: then.task, priority: then.priority } } : {});
      await inTurns(piecesOf(members), (piece) => post(`/run-groups/${id}/members`, piece));
      await post(`/run-groups/${id}/close`, {});
      return { id };
    },
  };
}

/** Makes a repeated request the same call: by the caller's key, or else by an id for its run, which costs no write. */
const identityOf = ({ idempotencyKey }: RunRequest) =>
  idempotencyKey === undefined ? { id: crypto.randomUUID() } : { idempotency_key: idempotencyKey };

/** The fields of one call. A time that has passed means now: the clocks of two machines differ. */
function bodyOf({ args, dueAtMs, expiresAtMs, uniqueMs, priority, then }: RunRequest) {
  return {
    args,
    at: dueAtMs !== undefined && dueAtMs > Date.now() ? new Date(dueAtMs).toISOString() : undefined,
    expires: expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString(),
    unique_seconds: uniqueMs === undefined ? undefined : Math.ceil(uniqueMs / 1_000),
    priority,
    // biome-ignore lint/suspicious/noThenProperty: the field of the request; nothing awaits it
    then: then?.map((call) => ({ task: call.task, args: call.args, priority: call.priority })),
  };
}

/** The members of a group in pieces; the same members always have the same pieces. */
function* piecesOf(members: readonly RunRequest[]): Generator<{ first: number; calls: object[] }> {
  let piece = { first: 0, calls: [] as object[], bytes: 0 };
  for (let first = 0; first < members.length; first += SHARD_MEMBERS) {
    const calls = members.slice(first, first + SHARD_MEMBERS).map((member) => {
      // Its id is derived from its place in the group, which no key can change.
      const { unique_seconds: _, ...fields } = bodyOf(member);
      return { task: member.task, ...fields };
    });
    const bytes = new TextEncoder().encode(JSON.stringify(calls)).length;
    const isFull = piece.calls.length + calls.length > PIECE_MEMBERS || piece.bytes + bytes > PIECE_BYTES;
    if (piece.calls.length > 0 && isFull) {
      yield { first: piece.first, calls: piece.calls };
      piece = { first, calls: [], bytes: 0 };
    }
    piece.calls.push(...calls);
    piece.bytes += bytes;
  }
  if (piece.calls.length > 0) yield { first: piece.first, calls: piece.calls };
}

/** Does it for all, some at once; answers the results in order. After an error no further one begins. */
async function inTurns<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  // A generator: an error in one loop over it ends the others, too.
  const entries = numbered(items);
  const turns = Array.from({ length: AT_ONCE }, async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  });
  await Promise.all(turns);
  return results;
}

function* numbered<T>(items: Iterable<T>): Generator<[number, T]> {
  let index = 0;
  for (const item of items) yield [index++, item];
}

type Post = (path: string, body: object) => Promise<Answer>;

function poster({ url, apiKey, sleep = waited }: HttpTransportOptions): Post {
  const base = url.replace(/\/+$/, '');
  return async (path, body) => {
    const request = {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    for (let tries = 1; ; tries++) {
      const outcome = await attempt(`${base}${path}`, request);
      if ('answer' in outcome) return outcome.answer;
      if (!outcome.error.retryable || tries >= TRIES) throw outcome.error;
      const backoffMs = Math.random() * FIRST_WAIT_MS * 2 ** (tries - 1);
      await sleep(Math.max(backoffMs, Math.min((outcome.error.retryAfterSeconds ?? 0) * 1_000, LONGEST_WAIT_MS)));
    }
  };
}

const waited = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function attempt(
  url: string,
  request: RequestInit,
): Promise<{ readonly answer: Answer } | { readonly error: SendoffError }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const text = await response.text();
    if (response.ok) return { answer: JSON.parse(text) as Answer };
    return { error: errorOf(response, text) };
  } catch (cause) {
    const message = 'The Sendoff API did not answer; the call may have been accepted';
    return { error: new SendoffError('service_unavailable', 503, message, { cause, retryable: true }) };
  }
}

function errorOf({ status, headers }: Response, text: string): SendoffError {
  const { name, message } = parsed(text);
  const after = Number(headers.get('retry-after'));
  return new SendoffError(
    (name ?? (status === 429 ? 'rate_limit_exceeded' : 'application_error')) as ErrorCode,
    status,
    message ?? `The Sendoff API answered ${status}`,
    { retryable: status === 429 || status >= 500, ...(after > 0 ? { retryAfterSeconds: after } : {}) },
  );
}

/** The API's error; API Gateway's own has only a message. */
function parsed(text: string): { readonly name?: string; readonly message?: string } {
  try {
    return (JSON.parse(text) as { name?: string; message?: string } | null) ?? {};
  } catch {
    return {};
  }
}
