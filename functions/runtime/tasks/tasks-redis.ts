import { createInvokeConsumer } from '../../adapters/aws/invoke.ts';
import { createRedisClient, type RedisClient } from '../../adapters/redis/client.ts';
import { upstashCredentials } from '../../adapters/redis/credentials.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { taskQueueNames } from '../../core/queues.ts';
import { type Environment, required } from '../env.ts';

/**
 * The namespace of the runs with `backend=redis`: queues, timers, consumers and documents of their own, so that the user's code cannot
 * slow sending.
 */
export const tasksNamespace = (namespace: string): string => `${namespace}-tasks`;

/** Invokes the consumer of the tasks that the environment names; that consumer itself invokes another one of its own function. */
export function invokeTasksConsumerFromEnvironment(log: Logger, env: Environment = process.env) {
  return createInvokeConsumer({
    functionName: required('TASKS_CONSUMER_FUNCTION', env),
    watchdog: env.TASKS_WATCHDOG_FUNCTION,
    log,
  });
}

/** The namespace of the runs in the database that the environment names. */
export function tasksRedisFromEnvironment(
  log: Logger,
  env: Environment = process.env,
  invokeConsumer: () => Promise<void> = invokeTasksConsumerFromEnvironment(log, env),
): RedisClient {
  return createRedisClient({
    credentials: () => upstashCredentials(env),
    namespace: tasksNamespace(required('REDIS_NAMESPACE', env)),
    queues: taskQueueNames,
    invokeConsumer: () => invokeConsumer(),
  });
}
