import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

// The flows are those of accept.test.ts, every one, on the other backend.
process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./accept.test.ts');
else it.skip('accepting from a function on backend=redis: there is no redis-server', () => {});
