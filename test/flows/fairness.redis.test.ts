import { describe } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

process.env.FLOWS_BACKEND = 'redis';
describe.skipIf(!hasRedis)('on Redis', async () => void (await import('./fairness.test.ts')));
