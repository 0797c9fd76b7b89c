import { describe, expect, it } from 'vitest';
import { backlog } from '../../functions/adapters/redis/operations.ts';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import type { Fault } from '../../lib/local/cloud/upstash/rest-front.ts';
import { hasRedis } from '../helpers/redis-database.ts';
import { anEmail, type Running, redisClientOf, running } from './running.ts';

const outage = { status: 503, error: 'injected' } as const;
/** Matches requests by the operations of the script (functions/adapters/redis/lua). */
const has =
  (...words: string[]) =>
  (body: string) =>
    words.every((word) => body.includes(word));

/** Faults of Redis during an accept; `executed`: Redis ran the request and its answer was lost. */
const acceptFaults: { name: string; effect: Fault['effect']; executed: boolean }[] = [
  { name: '503', effect: outage, executed: false },
  { name: '429', effect: { status: 429, error: 'ERR max requests limit exceeded' }, executed: false },
  {
    name: 'LOADING',
    effect: { status: 400, error: 'LOADING Redis is loading the dataset in memory' },
    executed: false,
  },
  {
    name: 'READONLY',
    effect: { status: 400, error: "READONLY You can't write against a read only replica." },
    executed: false,
  },
  {
    name: 'OOM',
    effect: { status: 400, error: "OOM command not allowed when used memory > 'maxmemory'." },
    executed: false,
  },
  { name: 'lost request', effect: 'drop-before', executed: false },
  { name: 'lost answer', effect: 'drop-after', executed: true },
];

/** The requests of a consumer that sends one email; it is killed before Redis runs the request, or after. */
const consumerSteps: { step: string; match: (body: string) => boolean; effect: 'drop-before' | 'drop-after' }[] = [
  { step: 'claims', match: has('"update"', 'sending'), effect: 'drop-before' },
  { step: 'claims', match: has('"update"', 'sending'), effect: 'drop-after' },
  { step: 'records', match: has('"update"', 'messageId'), effect: 'drop-before' },
  { step: 'records', match: has('"update"', 'messageId'), effect: 'drop-after' },
  { step: 'acknowledges', match: has('"acknowledge"'), effect: 'drop-after' },
  // Last: a consumer that dies here has recorded a watchdog that may not run yet, so only the run of the next minute helps.
  { step: 'receives', match: has('"receive"'), effect: 'drop-before' },
  { step: 'receives', match: has('"receive"'), effect: 'drop-after' },
  { step: 'comes', match: has('"enter"'), effect: 'drop-after' },
];

describe.skipIf(!hasRedis)('on backend=redis', () => {
  const sendoff = running({ config: { backend: 'redis' } });
  const breakRedis = (fault: Fault) => {
    const { front } = sendoff.redis ?? {};
    if (!front) throw new Error('the database is our own');
    front.fault = fault;
    return () => {
      front.fault = undefined;
    };
  };

  describe.each(acceptFaults)('while Redis does this to an accept: $name', ({ name, effect, executed }) => {
    const breakIt = () => breakRedis({ effect, match: has('"submit"') });

    it('answers nothing 2xx, and sends once when the client tries again with its key', async () => {
      const subject = `keyed ${name}`;
      const post = () => sendoff.request('POST', '/emails', anEmail({ subject }), { 'idempotency-key': subject });
      const mend = breakIt();
      const refused = await post();
      mend();
      expect(refused).toMatchObject({ status: 503, json: { statusCode: 503, name: 'application_error' } });
      expect((await post()).status).toBe(200);
      await sendoff.cloud.idle();
      expect(timesSent(sendoff, subject)).toBe(1);
    });

    it('rolls the email back when the client has no key', async () => {
      const subject = `keyless ${name}`;
      const mend = breakIt();
      expect((await sendoff.request('POST', '/emails', anEmail({ subject }))).status).toBe(503);
      mend();
      expect((await sendoff.request('POST', '/emails', anEmail({ subject }))).status).toBe(200);
      await sendoff.cloud.idle();
      // An email whose answer was lost may be sent before it is rolled back: without a key nobody can tell.
      expect([1, executed ? 2 : 1]).toContain(timesSent(sendoff, subject));
    });
  });

  it.each(['drop-before', 'drop-after'] as const)(
    'a connection lost once (%s) costs the client nothing',
    async (effect) => {
      const subject = `lost once, ${effect}`;
      breakRedis({ effect, match: has('"submit"'), times: 1 });
      expect((await sendoff.request('POST', '/emails', anEmail({ subject }))).status).toBe(200);
      await sendoff.cloud.idle();
      expect(timesSent(sendoff, subject)).toBe(1);
    },
  );

  it('a consumer killed with SIGKILL, at any step, leaves the email to be sent, once', async () => {
    const ids: string[] = [];
    for (const { step, match, effect } of consumerSteps) {
      const hit = Promise.withResolvers<void>();
      const kill = () => {
        sendoff.cloud.function('RedisConsumer').kill();
        hit.resolve();
      };
      breakRedis({ effect, match, times: 1, onHit: kill });
      const { json } = await sendoff.request('POST', '/emails', anEmail({ subject: `${step} ${effect}` }));
      ids.push(json.id);
      await hit.promise;
      // The consumer counts as alive for another 6 s; then its watchdog invokes the next.
      if (step === 'comes' || step === 'receives') void sendoff.cloud.function('RedisWatchdog').invoke({});
      const lastEvent = async () => (await sendoff.request('GET', `/emails/${json.id}`)).json.last_event;
      await expect.poll(lastEvent, { timeout: 20_000, interval: 250 }).toBe('delivered');
    }
    // With no job, delayed or not, nothing can be sent again.
    const client = redisClientOf(sendoff);
    await expect.poll(() => client.run(backlog()), { timeout: 20_000 }).toBe(0);
    await expect.poll(() => client.firstTimer(), { timeout: 20_000 }).toBeUndefined();
    const times = ids.map((id) => sendoff.cloud.ses.messages().filter(({ tags }) => tags[EMAIL_ID_TAG] === id).length);
    expect(times).toEqual(ids.map(() => 1));
  }, 150_000);

  it('an email that is given another time is sent then, though the answer was lost', async () => {
    const { json } = await sendoff.request('POST', '/emails', anEmail({ scheduled_at: 'in 10 days' }));
    const mend = breakRedis({ effect: 'drop-after', match: has('"updatesend"'), times: 2 });
    const scheduled_at = new Date(Date.now() + 2_000).toISOString();
    expect((await sendoff.request('PATCH', `/emails/${json.id}`, { scheduled_at })).status).toBe(503);
    mend();
    await expect
      .poll(async () => (await sendoff.request('GET', `/emails/${json.id}`)).json.last_event, { timeout: 20_000 })
      .toBe('delivered');
  }, 30_000);
});

const timesSent = ({ cloud }: Running, subject: string) =>
  cloud.ses.messages().filter(({ raw }) => /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() === subject).length;
