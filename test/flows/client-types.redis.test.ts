import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./client-types.test.ts');
else it.skip('the client’s types on backend=redis: there is no redis-server', () => {});
