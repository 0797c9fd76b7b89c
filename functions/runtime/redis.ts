import { createInvokeConsumer } from '../adapters/aws/invoke.ts';
import { createRedisClient, type RedisClient } from '../adapters/redis/client.ts';
import { upstashCredentials } from '../adapters/redis/credentials.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type Environment, required } from './env.ts';

/** Invokes the consumer that the environment names; the consumer itself invokes another one of its own function. */
export function invokeConsumerFromEnvironment(log: Logger, env: Environment = process.env) {
  const { CONSUMER_FUNCTION, WATCHDOG_FUNCTION } = env;
  const functionName = CONSUMER_FUNCTION ?? required('AWS_LAMBDA_FUNCTION_NAME', env);
  return createInvokeConsumer({ functionName, watchdog: WATCHDOG_FUNCTION, log });
}

/** The database that the environment names. */
export function redisFromEnvironment(
  log: Logger,
  env: Environment = process.env,
  invokeConsumer = invokeConsumerFromEnvironment(log, env),
): RedisClient {
  return createRedisClient({
    credentials: () => upstashCredentials(env),
    namespace: required('REDIS_NAMESPACE', env),
    invokeConsumer: () => invokeConsumer(),
  });
}
