import type { RedisClient } from '../../functions/adapters/redis/client.ts';
import { findRedisServer, type RedisServer, startRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { connectRedis, type Reply } from '../../lib/local/cloud/upstash/resp.ts';
import { type RestFront, startRestFront } from '../../lib/local/cloud/upstash/rest-front.ts';

/** False, with the reason printed once in each file, where tests that need a redis-server cannot run. */
export const hasRedis = findRedisServer() !== undefined;
if (!hasRedis) console.warn('skipped: these tests need redis-server on the PATH (apt-get install redis-server)');

/** A Redis server with Upstash's REST protocol in front of it. */
export interface RedisDatabase {
  readonly server: RedisServer;
  readonly front: RestFront;
  /** Sends a command directly to the server, which the front does not count. */
  command(...args: string[]): Promise<Reply>;
  /** Commands by name that ran since the last reset, including those in scripts; without AUTH, which Upstash does not have. */
  commandStats(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** The key in Redis of a stream, or of another part of the queues: `bulk`, `dead`, `timers`. */
export const queueKey = ({ keyOf }: Pick<RedisClient, 'keyOf'>, name: string): string =>
  keyOf('').replace(/doc:$/, name);

/** Starts both; `settings` as in redis.conf. */
export async function startRedisDatabase(settings: Readonly<Record<string, string>> = {}): Promise<RedisDatabase> {
  const server = await startRedisServer({ settings });
  const front = await startRestFront({ redis: server, token: 'secret-of-tests' });
  const command = async (...args: string[]) => {
    const connection = await connectRedis(server);
    const [reply = null] = await connection.send([args]);
    connection.close();
    return reply;
  };
  return {
    server,
    front,
    command,
    commandStats: async () => {
      const lines = String(await command('INFO', 'commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
      const counted = [...lines].filter(([, name]) => name !== 'auth');
      return Object.fromEntries(counted.map(([, name = '', calls]) => [name, Number(calls)]));
    },
    close: async () => {
      await front.close();
      await server.close();
    },
  };
}
