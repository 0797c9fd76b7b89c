import type { RedisClient } from '../adapters/redis/client.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type Environment, required } from './env.ts';

/**
 * The backend of the deployment, in a function of the user's that has `acceptEnvironment` (names without their prefix).
 *
 * @throws an Error that names the variable that is missing.
 */
export function openBackend(env: Environment): Promise<Backend> {
  return open(env, async () => {
    // Without this variable the client would take the calling function for the consumer.
    required('CONSUMER_FUNCTION', env);
    return (await import('./redis.ts')).redisFromEnvironment;
  });
}

/**
 * The backend with the runs, in such a function.
 *
 * @throws an Error that names the variable if the deployment has no tasks.
 */
export async function openTasksBackend(env: Environment): Promise<Backend> {
  if (env.REDIS_NAMESPACE === undefined) required('TASKS_QUEUE_URL', env);
  return open(env, async () => (await import('./tasks/tasks-redis.ts')).tasksRedisFromEnvironment);
}

type OpenRedis = (log: Logger, env: Environment) => RedisClient;

/** The backend whose variables are set. Both are in the user's bundle, so the other one is not loaded. */
async function open(env: Environment, loadRedis: () => Promise<OpenRedis>): Promise<Backend> {
  if (env.REDIS_NAMESPACE === undefined) return (await import('./aws.ts')).awsFromEnvironment(env);
  const [openRedis, { createRedisBackend }, { createLogger }] = await Promise.all([
    loadRedis(),
    import('../adapters/redis/backend.ts'),
    import('../adapters/logger.ts'),
  ]);
  return createRedisBackend(openRedis(createLogger(), env));
}
