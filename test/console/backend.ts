import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';

/** The backend of this file's deployment: `console.redis.test.ts` sets it before it imports the tests. */
export const backend = process.env.CONSOLE_BACKEND === 'redis' ? 'redis' : 'aws';

/** False where `backend=redis` cannot run. */
export const canRun = backend === 'aws' || findRedisServer() !== undefined;
