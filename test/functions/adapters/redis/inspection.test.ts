import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisBackend } from '../../../../functions/adapters/redis/backend.ts';
import type { RedisClient } from '../../../../functions/adapters/redis/client.ts';
import { createRedisInspection, queueAges } from '../../../../functions/adapters/redis/inspection.ts';
import { receive } from '../../../../functions/adapters/redis/operations.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { listDeadLetters, redriveDeadLetters } from '../../../../functions/core/inspection/dead-letters.ts';
import { purgeDeadLetters } from '../../../../functions/core/inspection/purge.ts';
import type { HeldDeadLetter } from '../../../../functions/core/ports/inspection.ts';
import { queueNames } from '../../../../functions/core/queues.ts';
import { inspectionContract } from '../../../contracts/inspection.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../../helpers/redis-database.ts';
import { bury, type Consuming, createConsuming, receivesOnce, roomFor } from '../../redis-consumer/consuming.ts';

const jobOf = (id: string) => JSON.stringify({ task: 'email.send', args: { id, fingerprint: 'f' }, attempt: 1 });
const POISON = '{"not JSON';
const everything = { ids: [], all: true };
const { signal } = new AbortController();

async function readStream({ command }: RedisDatabase, client: RedisClient, name: string): Promise<string[]> {
  const entries = (await command('XRANGE', queueKey(client, name), '-', '+')) as [Buffer, Buffer[]][];
  return entries.map(([, fields]) => String(fields[1]));
}

describe.skipIf(!hasRedis)('on redis-server', () => {
  inspectionContract('Redis', async () => {
    const database = await startRedisDatabase();
    const { client, backend } = createConsuming(database);
    return {
      ...backend,
      open: () => createRedisInspection(client),
      take: async (queue) => {
        expect(await client.run(receive({ ...receivesOnce, room: roomFor(0, { [queue]: 1 }) }))).toHaveLength(1);
      },
      bury: async (body, queue = '' as never) => {
        const queued = String(Date.now());
        const entry = ['job', body, 'queue', queue, 'received', '3', 'queued', queued];
        await database.command('XADD', queueKey(client, 'dead'), '*', ...entry);
      },
      waiting: (queue) => readStream(database, client, queue),
      setDown: (down) => {
        database.front.fault = down ? { effect: { status: 503, error: 'down' } } : undefined;
      },
      clear: async () => {
        await database.command('FLUSHALL');
      },
      close: database.close,
    };
  });
});

/** The client of a process that dies at its nth call: before it reaches Redis, or before its answer reaches the process. */
function dying(client: RedisClient, nth: number, when: 'before' | 'after'): RedisClient {
  let calls = 0;
  const dead = new Error('killed');
  const step = async <T>(call: () => Promise<T>): Promise<T> => {
    const mine = ++calls;
    if (mine > nth || (mine === nth && when === 'before')) throw dead;
    const answer = await call();
    if (mine === nth) throw dead;
    return answer;
  };
  return {
    ...client,
    run: (operation) => step(() => client.run(operation)),
    runAll: (operations) => step(() => client.runAll(operations)),
    peek: () => step(() => client.peek()),
  };
}

describe.skipIf(!hasRedis)('the queues in Redis', () => {
  let database: RedisDatabase;
  let consuming: Consuming;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());
  beforeEach(() => {
    consuming = createConsuming(database);
  });

  it('count all delayed jobs, in steps that keep no one waiting', async () => {
    const { client } = consuming;
    const members = Array.from({ length: 10_500 }, (_, id) => [String(id), `bulk|${id}|{}`]).flat();
    await database.command('ZADD', queueKey(client, 'timers'), ...members);
    const depths = await createRedisInspection(client).depths();
    expect(depths.find(({ queue }) => queue === 'bulk')?.delayed).toBe(10_500);
  });

  it('tell how old their oldest job is, waiting or with a consumer', async () => {
    const { client } = consuming;
    const entry = ['job', '{}'];
    await database.command('XADD', queueKey(client, 'webhook'), `${Date.now() - 90_000}-0`, ...entry);
    await consuming.send('young');
    const ages = await queueAges(client);
    expect(ages.map(({ queue, jobs }) => [queue, jobs])).toEqual([
      ['transactional', 1],
      ['bulk', 0],
      ['webhook', 1],
      ['webhook-slow', 0],
    ]);
    await client.run(receive({ ...receivesOnce, room: roomFor(0, { webhook: 1 }) }));
    const oldest = new Map(
      (await createRedisInspection(client).depths()).map((one) => [one.queue, one.oldestMs ?? -1]),
    );
    expect(oldest.get('webhook')).toBeGreaterThanOrEqual(90_000);
    expect(oldest.get('transactional')).toBeLessThan(10_000);
    expect([oldest.get('bulk'), oldest.get('dead letters')]).toEqual([0, -1]);
  });
});

describe.skipIf(!hasRedis)('the dead letters of Redis', () => {
  let database: RedisDatabase;
  let consuming: Consuming;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());
  beforeEach(() => {
    consuming = createConsuming(database);
  });

  const open = (client: RedisClient = consuming.client) => createRedisInspection(client).deadLetters;
  const first = async (): Promise<HeldDeadLetter | undefined> => {
    for await (const [letter] of open().pages()) return letter;
    return undefined;
  };
  const stream = (name: string) => readStream(database, consuming.client, name);
  /** Every copy of every job, wherever it is. */
  const copies = async () => (await Promise.all(['dead', ...queueNames].map(stream))).flat().toSorted();
  const redriveAll = (client: RedisClient = consuming.client) =>
    redriveDeadLetters(open(client), everything, { signal, startedAtMs: Date.now() });

  it('are what a consumer gave up, with its queue, how often it was received and since when', async () => {
    const sentAtMs = Date.now();
    await consuming.backend.broker.send([
      { queue: 'bulk', job: { task: 'email.send', args: { id: 'x' }, attempt: 2 } },
    ]);
    // A lease of 0 ms is always over.
    const crashing = receive({
      ...receivesOnce,
      leaseMs: 0,
      maxReceiveCount: 3,
      reclaim: true,
      look: true,
      room: roomFor(0, { bulk: 10 }),
    });
    for (let time = 0; time < 5; time++) await consuming.client.run(crashing);
    const { letters } = await listDeadLetters(open(), 10, signal);
    expect(letters).toMatchObject([
      {
        body: '{"task":"email.send","args":{"id":"x"},"attempt":2}',
        job: { task: 'email.send', attempt: 2 },
        emailId: 'x',
        sourceQueue: 'bulk',
        receiveCount: 3,
      },
    ]);
    expect(Math.abs((letters[0]?.queuedAtMs ?? 0) - sentAtMs)).toBeLessThan(1_000);
    const depths = await createRedisInspection(consuming.client).depths();
    expect(depths.find(({ queue }) => queue === 'bulk')?.running).toBe(0);
    expect(depths.at(-1)).toMatchObject({ queue: 'dead letters', waiting: 1 });
  });

  it('are read from the oldest on', async () => {
    for (let id = 0; id < 25; id++) await bury(consuming, database, jobOf(String(id)));
    const { letters } = await listDeadLetters(open(), 100, signal);
    expect(letters.map(({ emailId }) => emailId)).toEqual(Array.from({ length: 25 }, (_, id) => String(id)));
  });

  it("say when they were queued by this machine's clock", async () => {
    await bury(consuming, database);
    const { deadLetters } = createRedisInspection(consuming.client, { clockAheadMs: 400 });
    expect((await listDeadLetters(deadLetters, 1, signal)).letters[0]?.queuedAtMs).toBe(600);
  });

  it('are found by an id that begins a millisecond, or follows in it', async () => {
    const key = queueKey(consuming.client, 'dead');
    for (const id of ['5-0', '5-1', '6-0']) await database.command('XADD', key, id, 'job', jobOf(id), 'queue', 'bulk');
    for (const id of ['5-0', '5-1', '6-0']) expect(await open().find(id)).toMatchObject({ id, emailId: id });
    for (const id of ['5-2', '6-1', '4-0']) expect(await open().find(id)).toBeUndefined();
  });

  it('go back to the queue they came from, and a consumer is invoked', async () => {
    await bury(consuming, database, jobOf('a'), 'webhook');
    expect(await (await first())?.redrive()).toBe(true);
    expect([await stream('dead'), await stream('webhook')]).toEqual([[], [jobOf('a')]]);
    expect(consuming.invocations).toHaveLength(1);
  });

  it('that are there twice go back twice: which of the two does the work is for the claim to say', async () => {
    await bury(consuming, database, jobOf('twin'));
    await bury(consuming, database, jobOf('twin'));
    await redriveAll();
    expect(await stream('transactional')).toEqual([jobOf('twin'), jobOf('twin')]);
  });

  it.each(['', 'dead', 'list', 'constructor'])('that name no queue of ours (%j) stay', async (queue) => {
    await bury(consuming, database, jobOf('a'), queue);
    expect(await (await first())?.redrive()).toBe(false);
    expect(await stream('dead')).toEqual([jobOf('a')]);
    expect(consuming.invocations).toEqual([]);
  });

  it('that someone else has redriven meanwhile are not redriven again', async () => {
    await bury(consuming, database, jobOf('a'));
    const [mine, theirs] = [await first(), await first()];
    await theirs?.redrive();
    expect(await mine?.redrive()).toBe(true);
    expect(await copies()).toEqual([jobOf('a')]);
  });

  it('are in one place, wherever redriving them is cut off; run again it ends', async () => {
    const jobs = [...Array.from({ length: 12 }, (_, id) => jobOf(String(id))), POISON].toSorted();
    for (let nth = 1, finished = false; !finished; nth++) {
      for (const when of ['before', 'after'] as const) {
        consuming = createConsuming(database);
        for (const job of jobs) await bury(consuming, database, job);
        finished = await redriveAll(dying(consuming.client, nth, when)).then(
          () => true,
          () => false,
        );
        expect(await copies()).toEqual(jobs);
        await redriveAll();
        expect([await copies(), await stream('dead')]).toEqual([jobs, []]);
      }
      expect(nth).toBeLessThan(50);
    }
  });

  it('are purged only after their email has ended as failed, wherever that is cut off', async () => {
    for (let nth = 1, finished = false; !finished; nth++) {
      for (const when of ['before', 'after'] as const) {
        consuming = createConsuming(database);
        const id = randomUUID();
        await consuming.backend.table.insert({ key: recordKey(id), fields: strandedEmail(id) });
        await bury(consuming, database, jobOf(id));
        const purge = (client: RedisClient) =>
          purgeDeadLetters({ deadLetters: open(client), table: createRedisBackend(client).table }, everything, {
            signal,
            now: Date.now,
          });
        finished = await purge(dying(consuming.client, nth, when)).then(
          () => true,
          () => false,
        );
        const status = async () => (await consuming.backend.table.get<EmailRecord>(recordKey(id)))?.status;
        if ((await stream('dead')).length === 0) expect(await status()).toBe('failed');
        await purge(consuming.client);
        expect([await stream('dead'), await status()]).toEqual([[], 'failed']);
      }
      expect(nth).toBeLessThan(50);
    }
  });
});

/** An email as a crashed consumer leaves it: claimed, its lease over. */
const strandedEmail = (id: string): EmailRecord => ({
  id,
  status: 'sending',
  from: 'me@example.com',
  to: ['you@example.com'],
  subject: 'Hello',
  createdAtMs: Date.now() - 60_000,
  fingerprint: 'f',
  queue: 'transactional',
  attempts: 1,
  leaseUntilMs: Date.now() - 1,
  timeline: [],
});
