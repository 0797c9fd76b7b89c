import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./webhooks.test.ts');
else it.skip('webhooks on backend=redis: there is no redis-server', () => {});
