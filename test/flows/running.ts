import { Resend } from 'resend';
import { afterAll, beforeAll } from 'vitest';
import type { LocalEvent } from '../../lib/local/log.ts';
import { type LocalSendoff, type LocalSendoffOptions, startLocalSendoff } from '../../lib/local/sendoff.ts';

/** Sendoff on the local cloud, as the tests of a file share it. */
export interface Running extends LocalSendoff {
  /** The official client, with full access. */
  readonly resend: Resend;
  /** What the cloud has told so far. */
  readonly events: LocalEvent[];
  /** A request as curl would make it; the key is added unless the headers have one. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; json: Json; headers: Headers }>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the assertions, field by field.
export type Json = any;

/** Files that run the same flows on another backend set it before they import them. */
const { FLOWS_BACKEND } = process.env;

/** Starts Sendoff before the tests of a file and stops it after them. */
export function running(options: LocalSendoffOptions = {}): Running {
  const started = {} as Running & { -readonly [K in keyof Running]: Running[K] };
  beforeAll(async () => {
    Object.assign(started, await start(options));
  }, 60_000);
  afterAll(() => started.cloud?.close());
  return started;
}

async function start(options: LocalSendoffOptions): Promise<Running> {
  const events: LocalEvent[] = [];
  const config = { ...(FLOWS_BACKEND ? { backend: FLOWS_BACKEND } : {}), ...options.config };
  const local = await startLocalSendoff({ ...options, config, log: (event) => void events.push(event) });
  const { cloud, apiKey } = local;
  return { ...local, events, request: requestTo(local), resend: new Resend(apiKey, { baseUrl: cloud.apiUrl }) };
}

/** A function that makes requests as curl would, with the key of a running Sendoff. */
export function requestTo({ cloud, apiKey }: Pick<LocalSendoff, 'cloud' | 'apiKey'>): Running['request'] {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(cloud.apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json(), headers: response.headers };
  };
}

/** A complete email, to be varied. */
export const anEmail = (more: object = {}) => ({
  from: 'Me <me@example.com>',
  to: ['success@simulator.amazonses.com'],
  subject: 'Hello',
  html: '<p>Hello</p>',
  ...more,
});
