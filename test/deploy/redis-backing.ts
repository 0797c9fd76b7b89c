import { join } from 'node:path';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import { silentClient } from '../../lib/local/redis.ts';
import { callJson } from './aws-clients.ts';
import type { Backing } from './backing-interface.ts';
import { startAndWait, stop } from './child-process.ts';

const START_WITHIN_MS = 20_000;
/** The test does not wait for jobs that are due later than this. */
const SOON_MS = 60_000;
/** The timer, among those of the queues, of a consumer that is running or was invoked. */
const CONSUMER_TIMER = '@';

/** A database for a deployment; a secret has its URL and token. */
export interface RedisForDeployment {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** Starts redis-server behind Upstash's REST protocol on loopback, and puts its URL and token into Secrets Manager. */
export async function provideRedis(
  endpoint: string,
  env: Readonly<Record<string, string>>,
  secretName: string,
): Promise<RedisForDeployment> {
  const { child, line } = await startAndWait(process.execPath, [join(import.meta.dirname, 'redis-process.ts')], {
    cwd: import.meta.dirname,
    env,
    isReady: (text) => text.startsWith('{"url"'),
    withinMs: START_WITHIN_MS,
  });
  const close = () => stop(child);
  try {
    const { url, token } = JSON.parse(line);
    await callJson(endpoint, 'secretsmanager', 'secretsmanager.CreateSecret', {
      Name: secretName,
      SecretString: line,
      ClientRequestToken: crypto.randomUUID(),
    });
    return { url, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The Redis of a deployment. */
export function openRedisBacking(database: { url: string; token: string }, namespace: string): Backing {
  const client = silentClient(database, namespace);
  return {
    table: createRedisBackend(client).table,
    jobsLeft: async () => {
      const timer = await client.firstTimer();
      const isAtWork = timer !== undefined && (timer.name === CONSUMER_TIMER || timer.atMs < Date.now() + SOON_MS);
      return Number(await client.run(['backlog'])) + (isAtWork ? 1 : 0);
    },
    deadLetters: async () => {
      const key = (name: string) => `{sendoff:${namespace}}:${name}`;
      // A key that does not exist has the length 0 too, so check that the names of the keys are right.
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
