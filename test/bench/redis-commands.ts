import { connectRedis, type Reply } from '../../lib/local/cloud/upstash/resp.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';

/** Sends a command without the REST front: its counters do not see it. */
export async function redisCommand({ redis }: LocalSendoff, ...args: string[]): Promise<Reply> {
  if (!redis?.server)
    throw new Error('the bench needs a redis-server of its own: unset UPSTASH_REDIS_REST_URL and REDIS_URL');
  const connection = await connectRedis(redis.server);
  const [reply = null] = await connection.send([args]);
  connection.close();
  return reply;
}

/** Starts to count; the answer tells how many commands Upstash would bill since: each script, and each command inside one. */
export async function countCommands(local: LocalSendoff): Promise<() => Promise<number>> {
  await redisCommand(local, 'CONFIG', 'RESETSTAT');
  return async () => {
    const lines = String(await redisCommand(local, 'INFO', 'commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return [...lines].reduce(
      (sum, [, name = '', calls]) => sum + (/^(auth|config|info)/.test(name) ? 0 : Number(calls)),
      0,
    );
  };
}

/** Memory that the database takes. Its buffers are in it, so that a difference means something from about 200 emails on. */
export async function redisMemoryBytes(local: LocalSendoff): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redisCommand(local, 'INFO', 'memory')))?.[1]);
}
