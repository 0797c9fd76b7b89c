import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

// The flows are those of audience.test.ts, every one, on the other backend.
process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./audience.test.ts');
else it.skip('the flows on backend=redis: there is no redis-server', () => {});
