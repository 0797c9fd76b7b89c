import { it } from 'vitest';
import { hasRedis } from '../redis-database.ts';
import { describeGrants } from './grants.ts';

if (hasRedis) describeGrants({ backend: 'redis' }, { backend: 'redis', redisParameter: '/sendoff/upstash' });
else it.skip('what roles grant on backend=redis: there is no redis-server', () => {});
