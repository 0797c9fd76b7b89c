import { it } from 'vitest';
import { hasRedis } from '../helpers/redis-database.ts';

// The flows are those of feedback.test.ts, every one, on the other backend.
process.env.FLOWS_BACKEND = 'redis';
if (hasRedis) await import('./feedback.test.ts');
else it.skip('the flows of feedback on backend=redis: there is no redis-server', () => {});
