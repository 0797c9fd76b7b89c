import { createRedisBackend } from '../../functions/adapters/redis-backend.ts';
import { createRedisClient } from '../../functions/adapters/redis-client.ts';
import { openLocalDatabase } from '../../lib/local/upstash/database.ts';
import { dummyKeys, region } from './aws-clients.ts';
import type { Backing } from './backing.ts';

/** What is due later than this is not waited for. */
const SOON_MS = 60_000;
/** Among the timers of the queues: a drainer is at work, or was rung. */
const DRAINER_TIMER = '@';

/** A database for a deployment, and the secret that tells the functions where it is. */
export interface RedisForDeployment {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** Starts redis-server behind Upstash's REST protocol on loopback, and puts its URL and token into Secrets Manager. */
export async function provideRedis(endpoint: string, secretName: string): Promise<RedisForDeployment> {
  // Not that of UPSTASH_REDIS_REST_URL: a test fills and leaves what it is given.
  const database = await openLocalDatabase({}, {});
  const { url, token } = database;
  try {
    await createSecret(endpoint, secretName, JSON.stringify({ url, token }));
  } catch (error) {
    await database.close();
    throw error;
  }
  return { url, token, close: database.close };
}

/** The Redis of a deployment. */
export function openRedisBacking(database: { url: string; token: string }, namespace: string): Backing {
  const client = createRedisClient({ credentials: async () => database, namespace, ring: async () => {} });
  return {
    table: createRedisBackend(client).table,
    jobsLeft: async () => {
      const timer = await client.firstTimer();
      const isAtWork = timer !== undefined && (timer.name === DRAINER_TIMER || timer.atMs < Date.now() + SOON_MS);
      return Number(await client.run(['backlog'])) + (isAtWork ? 1 : 0);
    },
    deadLetters: async () => {
      const key = (name: string) => `{sendoff:${namespace}}:${name}`;
      // Of a key that is not one of the deployment's the length is 0 too.
      if ((await command(database, 'EXISTS', key('list'))) !== 1) throw new Error(`There is no key ${key('list')}`);
      return Number(await command(database, 'XLEN', key('dead')));
    },
  };
}

/** One command, by Upstash's REST protocol. */
async function command({ url, token }: { url: string; token: string }, ...words: string[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(words) });
  if (!response.ok) throw new Error(`${words[0]} answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { result: unknown }).result;
}

/** By hand: the SDK's client for it would be a dependency for this one call, and an emulator checks no signature. */
async function createSecret(endpoint: string, Name: string, SecretString: string): Promise<void> {
  const scope = `${dummyKeys.accessKeyId}/20260101/${region}/secretsmanager/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.CreateSecret',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ Name, SecretString, ClientRequestToken: crypto.randomUUID() }),
  });
  if (!response.ok) throw new Error(`CreateSecret answered ${response.status}: ${await response.text()}`);
}
