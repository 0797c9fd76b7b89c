import { createLogger } from '../adapters/logger.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import type { Backend } from '../core/ports/backend.ts';
import { awsFromEnvironment } from './aws.ts';
import { redisFromEnvironment } from './redis.ts';

/** The backend that the function's environment names. */
export function backendFromEnvironment(): Backend {
  // lib/bundle.ts defines the value, so that a bundle holds only the clients of its own backend: in this form esbuild
  // sees that the other branch never runs.
  return process.env.BACKEND === 'redis' ? redisBackend() : awsFromEnvironment();
}

function redisBackend(): Backend {
  return createRedisBackend(redisFromEnvironment(createLogger()));
}
