import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./suppressions-webhooks.test.ts');
else it.skip('suppressions and webhooks on backend=redis: there is no redis-server', () => {});
