import { createLogger } from '../../adapters/logger.ts';
import { createRedisBackend } from '../../adapters/redis/backend.ts';
import type { Backend } from '../../core/ports/backend.ts';
import { awsFromEnvironment } from '../aws.ts';
import { tasksRedisFromEnvironment } from './tasks-redis.ts';

/**
 * The backend with the runs of the user's tasks: with `backend=aws` that of everything else, with `backend=redis` the namespace of the
 * runs.
 *
 * @throws if the deployment has no tasks and `backend=redis`.
 */
export function tasksBackend(): Backend {
  // In this form esbuild sees that the other branch never runs (lib/bundle.ts defines the value).
  return process.env.BACKEND === 'redis'
    ? createRedisBackend(tasksRedisFromEnvironment(createLogger()))
    : awsFromEnvironment();
}
