import { describe, expect, it } from 'vitest';
import { backlog } from '../../functions/adapters/redis/operations.ts';
import { hasRedis } from '../helpers/redis-database.ts';
import { anEmail, redisClientOf, running } from './running.ts';

describe.skipIf(!hasRedis)('on backend=redis, while SES takes eight seconds to answer', () => {
  const sendoff = running({ config: { backend: 'redis' }, ses: { latencyMs: 8_000 } });

  it('sends an email once that was scheduled, moved forward, and so has a second job while it is being sent', async () => {
    const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
    const { json } = await sendoff.request('POST', '/emails', anEmail({ scheduled_at: inSeconds(8) }));
    await sendoff.request('PATCH', `/emails/${json.id}`, { scheduled_at: inSeconds(1) });
    await sendoff.cloud.ses.waitForMessages(1);
    // The second job arrived seven seconds after the first began to send. It has ended when no job is left.
    await expect.poll(() => redisClientOf(sendoff).run(backlog()), { timeout: 60_000 }).toBe(0);
    await sendoff.cloud.idle();
    expect(sendoff.cloud.ses.messages()).toHaveLength(1);
    expect((await sendoff.request('GET', `/emails/${json.id}`)).json.last_event).toBe('delivered');
  }, 120_000);
});
