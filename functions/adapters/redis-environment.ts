import type { Logger } from '../core/ports.ts';
import { required } from './env.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { createRing } from './ring-drainer.ts';
import { upstashCredentials } from './upstash-credentials.ts';

/** Rings for the drain function that the environment names; in that function itself, for another one of it. */
export function ringFromEnvironment(log: Logger) {
  const { DRAIN_FUNCTION, WAKE_FUNCTION } = process.env;
  const functionName = DRAIN_FUNCTION ?? required('AWS_LAMBDA_FUNCTION_NAME');
  return createRing({ functionName, watcher: WAKE_FUNCTION, log });
}

/** The database that the function's environment names. */
export function redisFromEnvironment(log: Logger, ring = ringFromEnvironment(log)): RedisClient {
  return createRedisClient({
    credentials: upstashCredentials,
    namespace: required('REDIS_NAMESPACE'),
    ring: () => ring(),
  });
}
