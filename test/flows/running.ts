import { Resend } from 'resend';
import { afterAll, beforeAll } from 'vitest';
import type { RedisClient } from '../../functions/adapters/redis/client.ts';
import type { LocalEvent } from '../../lib/local/cloud/log.ts';
import { silentClient } from '../../lib/local/redis.ts';
import type { LocalSendoff, LocalSendoffOptions } from '../../lib/local/start.ts';
import { shortBatching } from '../helpers/short-batching.ts';
import { startSendoff } from '../helpers/start-sendoff.ts';
import { onFlowsBackend } from './flows-backend.ts';
import { type Request, requester } from './request.ts';

export type { Json } from './request.ts';

/** Sendoff on the local cloud, shared by the tests of a file. */
export interface Running extends LocalSendoff {
  /** The official client, with full access. */
  readonly resend: Resend;
  /** The messages of the cloud so far. */
  readonly events: LocalEvent[];
  readonly request: Request;
}

/** Starts Sendoff before the tests of a file and stops it after them. */
export function running(options: LocalSendoffOptions = {}): Running {
  const started = {} as Running & { -readonly [K in keyof Running]: Running[K] };
  beforeAll(async () => {
    Object.assign(started, await start(options));
  }, 120_000);
  afterAll(() => started.cloud?.close());
  return started;
}

async function start(options: LocalSendoffOptions): Promise<Running> {
  const events: LocalEvent[] = [];
  const overrides = { ...shortBatching, ...options.overrides };
  const log = (event: LocalEvent) => void events.push(event);
  const local = await startSendoff({ ...onFlowsBackend(options), overrides, log });
  const { cloud, apiKey } = local;
  return { ...local, events, request: requestTo(local), resend: new Resend(apiKey, { baseUrl: cloud.apiUrl }) };
}

/** Makes plain HTTP requests with the key of a running Sendoff. */
export const requestTo = ({ cloud, apiKey }: Pick<LocalSendoff, 'cloud' | 'apiKey'>): Request =>
  requester(cloud.apiUrl, apiKey);

/** Reads the database of a running Sendoff on Redis, without invoking a consumer. */
export function redisClientOf({ cloud, redis }: Pick<LocalSendoff, 'cloud' | 'redis'>): RedisClient {
  if (!redis) throw new Error('the backend is redis');
  return silentClient(redis, cloud.outputs.RedisNamespace ?? '');
}

export { anEmail } from './an-email.ts';
