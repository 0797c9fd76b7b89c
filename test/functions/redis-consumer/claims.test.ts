import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConsumerQueue } from '../../../functions/adapters/redis/consumer.ts';
import { submitEmails } from '../../../functions/core/email/accept/submit.ts';
import { parseEmail } from '../../../functions/core/email/email.ts';
import { type EmailRecord, recordKey } from '../../../functions/core/email/record.ts';
import { rescheduleEmail, retryEmail } from '../../../functions/core/email/reschedule.ts';
import { createClaims } from '../../../functions/core/email/send/claims.ts';
import { emailSend } from '../../../functions/core/email/send/send.ts';
import { newId } from '../../../functions/core/ids.ts';
import type { Logger } from '../../../functions/core/ports/telemetry.ts';
import { createWorker } from '../../../functions/core/task/worker.ts';
import { createRecordedMetrics } from '../../helpers/recorded-metrics.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { plainEmail, unpaced } from '../../helpers/sending-simulation.ts';
import { createConsuming, interrupting } from './consuming.ts';

const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };
const RETENTION_MS = 86_400_000;

/** Accepting and sending on Redis, with a clock that moves by `stepMs` with each request of a consumer. */
function setUp(database: RedisDatabase, stepMs = 1_500) {
  const clock = { nowMs: Date.now() };
  const now = () => clock.nowMs;
  const consuming = createConsuming(database, now);
  const { backend } = consuming;
  const provider = { sends: 0, answers: (): Promise<void> => Promise.resolve() };
  const files = { fetched: (): Promise<void> => Promise.resolve() };
  const metrics = createRecordedMetrics();
  const stream = queueKey(consuming.client, 'transactional');
  /** How long a delivery has been idle is counted by Redis' own clock. */
  const moveClocks = async () => {
    clock.nowMs += stepMs;
    const pending = await database.command('XPENDING', stream, 'workers', '-', '+', '100');
    for (const row of Array.isArray(pending) ? pending : []) {
      const [id, consumer, idleMs] = (row as readonly unknown[]).map(String);
      const idle = ['IDLE', String(Number(idleMs) + stepMs), 'JUSTID'];
      await database.command('XCLAIM', stream, 'workers', String(consumer), '0', String(id), ...idle);
    }
  };
  const recordOf = async (id: string) => {
    const record = await backend.table.get<EmailRecord>(recordKey(id));
    if (!record) throw new Error(`no record of ${id}`);
    return record;
  };
  return {
    backend,
    clock,
    provider,
    files,
    recordOf,
    accept: async (input: Record<string, unknown> = {}) => {
      const email = await parseEmail({ ...plainEmail, ...input }, now());
      const request = { emails: [email], payload: JSON.stringify(input), queue: 'transactional', keyId: 'k' } as const;
      const [id = ''] = await submitEmails(request, { backend, now, newId, retentionMs: RETENTION_MS, metrics });
      return id;
    },
    reschedule: async (id: string, scheduledAtMs: number) => {
      const options = { backend, nowMs: now(), retentionMs: RETENTION_MS };
      expect((await rescheduleEmail(await recordOf(id), scheduledAtMs, options)).applied).toBe(true);
    },
    fail: async (id: string) => {
      await backend.table.update(recordKey(id), { set: { status: 'failed' } });
    },
    retry: async (id: string) => {
      expect((await retryEmail(await recordOf(id), { backend, nowMs: now() })).applied).toBe(true);
    },
    /** One consumer; `before` is called before each of its requests, with its number. */
    consume: (before: (call: number) => Promise<void> | void = () => {}, renews = true) => {
      const claims = createClaims({ table: backend.table, now, log: silent });
      const work = createWorker({
        tasks: [emailSend],
        dependencies: {
          ...backend,
          ...unpaced(now),
          claims,
          mailer: {
            send: async () => {
              const id = `message-${++provider.sends}`;
              await provider.answers();
              return id;
            },
          },
          compose: async () => {
            await files.fetched();
            return Buffer.of(1);
          },
          publish: async () => {},
          optedOut: async () => new Set<string>(),
          metrics,
        },
        broker: backend.broker,
        log: silent,
        concurrency: 1,
        now,
        random: () => 0.5,
      });
      const wrap = (queue: ConsumerQueue) =>
        interrupting(queue, async (call) => {
          await moveClocks();
          await before(call);
        });
      return consuming.consume({ work, wrap, ...(renews ? { renewClaims: claims.renew } : {}) });
    },
  };
}

describe.skipIf(!hasRedis)('an email on Redis', () => {
  let database: RedisDatabase;
  let sending: ReturnType<typeof setUp>;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());
  beforeEach(() => {
    sending = setUp(database);
  });

  it('is sent once when a second job for it arrives before SES has answered: scheduled in 13 s, moved to 6 s', async () => {
    const { clock, provider } = sending;
    const startMs = clock.nowMs;
    const id = await sending.accept({ scheduled_at: new Date(startMs + 13_000).toISOString() });
    await sending.reschedule(id, startMs + 6_000);
    const answer = Promise.withResolvers<void>();
    provider.answers = () => answer.promise;
    // The first send begins at 6 s and SES answers it at 16 s; the job of the first schedule arrives at 13 s.
    await sending.consume(() => {
      if (clock.nowMs >= startMs + 17_000) answer.resolve();
    });
    expect(provider.sends).toBe(1);
    expect(await sending.recordOf(id)).toMatchObject({ status: 'sent', messageId: 'message-1' });
  }, 60_000);

  it('is sent once when it is retried twice while its attachments are fetched slowly', async () => {
    const { clock, provider, files } = sending;
    const id = await sending.accept();
    await sending.fail(id);
    await sending.consume();
    await sending.retry(id);
    await sending.retry(id);
    const startMs = clock.nowMs;
    const fetched = Promise.withResolvers<void>();
    files.fetched = () => fetched.promise;
    // The second job finds the email claimed by the first, twice: when it arrives, and when it is delivered again after its lease.
    await sending.consume(() => {
      if (clock.nowMs >= startMs + 14_000) fetched.resolve();
    });
    expect(provider.sends).toBe(1);
    expect((await sending.recordOf(id)).status).toBe('sent');
  }, 60_000);

  it('is not sent by a worker whose claim ended for want of a heartbeat, but by the worker that claimed it then', async () => {
    const { clock, provider, files } = sending;
    const id = await sending.accept({ scheduled_at: new Date(clock.nowMs + 3_000).toISOString() });
    await sending.reschedule(id, clock.nowMs + 1_000);
    const fetches = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let fetching = 0;
    files.fetched = () => fetches[fetching++]?.promise ?? Promise.resolve();
    // No lease is renewed: the second job claims the email, and sends it before the first has its files.
    const consumed = sending.consume(async () => {
      if (fetching === 2) fetches[1]?.resolve();
      if (provider.sends > 0) fetches[0]?.resolve();
    }, false);
    await consumed;
    expect({ fetching, sends: provider.sends }).toEqual({ fetching: 2, sends: 1 });
    expect((await sending.recordOf(id)).status).toBe('sent');
  }, 60_000);

  it('costs no command more for its lease if it is sent within a heartbeat, and two a heartbeat if it takes longer', async () => {
    const commands = async (renews: boolean, emails: number, slowForCalls: number) => {
      const own = setUp(database, slowForCalls > 0 ? undefined : 1);
      await own.consume();
      const answer = Promise.withResolvers<void>();
      if (slowForCalls > 0) own.provider.answers = () => answer.promise;
      let calls = 0;
      await database.command('CONFIG', 'RESETSTAT');
      for (let n = 0; n < emails; n++) await own.accept();
      await own.consume(() => {
        if (own.provider.sends > 0 && ++calls === slowForCalls) answer.resolve();
      }, renews);
      const { set = 0, mget = 0, get = 0, zadd = 0 } = await database.commandStats();
      expect(own.provider.sends).toBe(emails);
      return { set, mget, get, zadd };
    };
    expect(await commands(true, 20, 0)).toEqual(await commands(false, 20, 0));
    const [slow, unrenewed] = [await commands(true, 1, 4), await commands(false, 1, 4)];
    // A heartbeat takes two of these commands.
    const heartbeats = slow.zadd / 2;
    const [writes, reads] = [slow.set - unrenewed.set, slow.mget + slow.get - unrenewed.mget - unrenewed.get];
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual(heartbeats);
    expect(reads).toBeLessThanOrEqual(writes);
  }, 60_000);
});
