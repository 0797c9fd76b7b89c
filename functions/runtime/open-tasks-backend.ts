import type { Backend } from '../core/ports/backend.ts';
import { type Environment, required } from './env.ts';

/**
 * The backend with the runs, in a function of the user's that has `acceptEnvironment` (names without their prefix). Both backends are in
 * the user's bundle, so the other one is not loaded.
 *
 * @throws an Error that names the variable if the deployment has no tasks.
 */
export async function openTasksBackend(env: Environment): Promise<Backend> {
  if (env.REDIS_NAMESPACE === undefined) {
    required('TASKS_QUEUE_URL', env);
    return (await import('./aws.ts')).awsFromEnvironment(env);
  }
  const [{ createRedisBackend }, { tasksRedisFromEnvironment }, { createLogger }] = await Promise.all([
    import('../adapters/redis/backend.ts'),
    import('./tasks-redis.ts'),
    import('../adapters/logger.ts'),
  ]);
  return createRedisBackend(tasksRedisFromEnvironment(createLogger(), env));
}
