import { createInvokeConsumer } from '../adapters/aws/invoke.ts';
import { createRedisClient, type RedisClient } from '../adapters/redis/client.ts';
import { upstashCredentials } from '../adapters/redis/credentials.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { required } from './env.ts';

/** Invokes the consumer that the environment names; the consumer itself invokes another one of its own function. */
export function invokeConsumerFromEnvironment(log: Logger) {
  const { CONSUMER_FUNCTION, WATCHDOG_FUNCTION } = process.env;
  const functionName = CONSUMER_FUNCTION ?? required('AWS_LAMBDA_FUNCTION_NAME');
  return createInvokeConsumer({ functionName, watchdog: WATCHDOG_FUNCTION, log });
}

/** The database that the function's environment names. */
export function redisFromEnvironment(log: Logger, invokeConsumer = invokeConsumerFromEnvironment(log)): RedisClient {
  return createRedisClient({
    credentials: upstashCredentials,
    namespace: required('REDIS_NAMESPACE'),
    invokeConsumer: () => invokeConsumer(),
  });
}
