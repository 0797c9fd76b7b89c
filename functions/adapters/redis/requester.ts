import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { Requester } from '@upstash/redis';
import { closeIdle } from '../http/idle-connections.ts';
import { timeLimits } from '../time-limits.ts';
import { isUnexecuted, redisError, redisUnreachable } from './errors.ts';

/** The address of the database and its token. */
export interface UpstashCredentials {
  /** `https://….upstash.io`, or a local front's `http://127.0.0.1:…`. */
  readonly url: string;
  readonly token: string;
}

export interface UpstashOptions {
  /** Called with the first request, and again after it failed. */
  readonly credentials: () => Promise<UpstashCredentials>;
  /** From the request to the last byte of its answer, in ms. */
  readonly timeoutMs?: number;
  /** Waits before another try of a request that certainly was not executed, in ms. */
  readonly retryDelaysMs?: readonly number[];
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/**
 * Sends the requests of `@upstash/redis`. Its own requester (1.39.0) is not used: its errors hold the whole command, addresses and
 * bodies included, but not the HTTP status; with `retry: false` it tries twice; and its `fetch` takes about twice the CPU of a
 * kept `node:https` connection.
 *
 * Throws a retryable SendoffError if a later try can help (connection, time-out, 429, 5xx, LOADING, OOM, …).
 */
export function createUpstashRequester(options: UpstashOptions): Requester {
  const { timeoutMs = timeLimits.redisMs, retryDelaysMs = [50, 200] } = options;
  let connection: Promise<Connection> | undefined;
  const connected = () => {
    connection ??= options.credentials().then((credentials) => connect(credentials, timeoutMs));
    connection.catch(() => {
      connection = undefined;
    });
    return connection;
  };

  const once = async (path: string, payload: Buffer): Promise<Answer> => {
    const post = await connected();
    const { status, text } = await post(path, payload).catch((error: unknown) => {
      throw redisUnreachable(error);
    });
    return parse(status, text);
  };

  const request = async (path: string, payload: Buffer): Promise<Answer> => {
    for (const delayMs of retryDelaysMs) {
      try {
        return await once(path, payload);
      } catch (error) {
        if (!isUnexecuted(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
    return once(path, payload);
  };

  return {
    request: async <T>({ path = [], body }: { path?: string[]; body?: unknown }) =>
      (await request(`/${path.join('/')}`, Buffer.from(JSON.stringify(body)))) as { result?: T; error?: string },
  };
}

type Connection = (path: string, payload: Buffer) => Promise<{ status: number; text: string }>;

function connect({ url, token }: UpstashCredentials, timeoutMs: number): Connection {
  const base = urlToHttpOptions(new URL(url));
  const secure = base.protocol === 'https:';
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 50 });
  const send = secure ? httpsRequest : httpRequest;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (path, payload) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        // When one kept connection was closed, the idle ones are closed too: the next request opens its own.
        closeIdle(agent);
        reject(error);
      };
      const options = {
        ...base,
        path,
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': payload.length },
      };
      const outgoing = send(options, (response) => {
        read(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail);
      });
      // Not the option `timeout`, which begins anew with each byte. First `fail`: a response that is cut off would look like a lost
      // connection, after which the request is repeated.
      const timer = setTimeout(() => {
        fail(new Error(`no answer within ${timeoutMs} ms`));
        outgoing.destroy();
      }, timeoutMs);
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.on('error', fail);
      outgoing.end(payload);
    });
}

function parse(status: number, text: string): Answer {
  let answer: Answer | readonly Answer[];
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    // A proxy has answered with a page of its own.
    throw status === 200 ? redisUnreachable(cause) : redisError(`HTTP ${status}`, status);
  }
  // A pipeline answers a list with status 200, errors included. If one command failed, all of it counts as failed.
  const failed = [answer].flat().find(({ error }) => error !== undefined);
  if (status !== 200 || failed) throw redisError(failed?.error ?? `HTTP ${status}`, status);
  return answer as Answer;
}

/** By events: an async iterator takes several times the CPU. */
function read(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => void chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}
