import { createRing } from '../adapters/aws/invoke.ts';
import { createRedisClient, type RedisClient } from '../adapters/redis/client.ts';
import { upstashCredentials } from '../adapters/redis/credentials.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { required } from './env.ts';

/** Rings for the drain function that the environment names; in that function itself, for another one of it. */
export function ringFromEnvironment(log: Logger) {
  const { CONSUMER_FUNCTION, WATCHDOG_FUNCTION } = process.env;
  const functionName = CONSUMER_FUNCTION ?? required('AWS_LAMBDA_FUNCTION_NAME');
  return createRing({ functionName, watcher: WATCHDOG_FUNCTION, log });
}

/** The database that the function's environment names. */
export function redisFromEnvironment(log: Logger, ring = ringFromEnvironment(log)): RedisClient {
  return createRedisClient({
    credentials: upstashCredentials,
    namespace: required('REDIS_NAMESPACE'),
    ring: () => ring(),
  });
}
