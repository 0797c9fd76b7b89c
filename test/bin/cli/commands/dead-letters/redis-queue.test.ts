import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatedBackend } from '../../../../../bin/cli/backend/open.ts';
import { purgeDeadLetters } from '../../../../../bin/cli/commands/dead-letters/purge.ts';
import type { DeadLetter, DeadLetterQueue } from '../../../../../bin/cli/commands/dead-letters/queue.ts';
import { redisDeadLetters } from '../../../../../bin/cli/commands/dead-letters/redis-queue.ts';
import { redriveDeadLetters } from '../../../../../bin/cli/commands/dead-letters/redrive.ts';
import type { Context } from '../../../../../bin/cli/context.ts';
import type { Deployment } from '../../../../../bin/cli/deployment.ts';
import { createRedisBackend } from '../../../../../functions/adapters/redis/backend.ts';
import type { RedisClient } from '../../../../../functions/adapters/redis/client.ts';
import { createRedisDeadLetters } from '../../../../../functions/adapters/redis/dead-letters.ts';
import { queueDepths } from '../../../../../functions/adapters/redis/queue-state.ts';
import { createRedisScan } from '../../../../../functions/adapters/redis/scan.ts';
import { type EmailRecord, recordKey } from '../../../../../functions/core/email/record.ts';
import { queueNames } from '../../../../../functions/core/queues.ts';
import { bury, type Consuming, createConsuming } from '../../../../functions/redis-consumer/consuming.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../../../helpers/redis-database.ts';

const jobOf = (id: string) => JSON.stringify({ task: 'email.send', args: { id, fingerprint: 'f' }, attempt: 1 });
const POISON = '{"not JSON';

/** The client of a process that dies at its nth call: before it reaches Redis, or before its answer reaches the process. */
function dying(client: RedisClient, nth: number, when: 'before' | 'after'): RedisClient & { calls(): number } {
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
    calls: () => calls,
  };
}

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

  const open = (client: RedisClient = consuming.client) => redisDeadLetters(createRedisDeadLetters(client), 0);
  const all = async (queue: DeadLetterQueue = open()): Promise<DeadLetter[]> => {
    const letters: DeadLetter[] = [];
    for (let batch = await queue.receive(); batch.length > 0; batch = await queue.receive()) letters.push(...batch);
    return letters;
  };
  const stream = async (name: string): Promise<string[]> => {
    const key = consuming.client.keyOf('').replace(/doc:$/, name);
    const entries = (await database.command('XRANGE', key, '-', '+')) as [Buffer, Buffer[]][];
    return entries.map(([, fields]) => String(fields[1]));
  };
  /** Every copy of every job there is, wherever it is. */
  const copies = async () => (await Promise.all(['dead', ...queueNames].map(stream))).flat().toSorted();
  const contextOf = (client: RedisClient): Context => ({
    terminal: {
      out: () => {},
      note: () => {},
      progress: () => {},
      readInput: async () => '',
      ask: async () => '',
      interruption: () => new AbortController().signal,
      interactive: false,
      colour: false,
      env: {},
    },
    json: true,
    now: Date.now,
    deployment: async () => ({}) as Deployment,
    backend: async () => {
      const { table, bodies } = createRedisBackend(client);
      const deadLetters = async () => open(client);
      const scan = createRedisScan(async () => ['0', []], '');
      const none = { depths: async () => [], checks: [], remains: [] };
      return { table, bodies, scan, deadLetters, ...none } satisfies OperatedBackend;
    },
  });

  it('are what a consumer gave up, with its queue, how often it was received and since when', async () => {
    const sentAtMs = Date.now();
    await consuming.backend.broker.send([{ queue: 'bulk', job: { task: 'note', args: { id: 'x' }, attempt: 2 } }]);
    // A lease of 0 ms is always over.
    const receive = ['receive', 'dier', 0, 3, 0, 1, 10, 10, 10, 10] as const;
    for (let time = 0; time < 5; time++) await consuming.client.run(receive);
    expect(await all()).toMatchObject([
      {
        body: '{"task":"note","args":{"id":"x"},"attempt":2}',
        job: { task: 'note', attempt: 2 },
        emailId: 'x',
        sourceQueue: 'bulk',
        receiveCount: 3,
      },
    ]);
    const [letter] = await all();
    expect(Math.abs((letter?.queuedAtMs ?? 0) - sentAtMs)).toBeLessThan(1_000);
    expect(await queueDepths(consuming.client)).toMatchObject({ queues: { bulk: { running: 0 } }, deadLetters: 1 });
  });

  it('are all read, each once, however many; reading takes nothing out', async () => {
    for (let id = 0; id < 25; id++) await bury(consuming, database, jobOf(String(id)));
    const ids = (await all()).map(({ emailId }) => emailId);
    expect(ids).toEqual(Array.from({ length: 25 }, (_, id) => String(id)));
    expect(await open().depth()).toBe(25);
  });

  it('go back to the queue they came from, and a consumer is invoked', async () => {
    await bury(consuming, database, jobOf('a'), 'webhook');
    const [letter] = await all();
    expect(await letter?.redrive()).toBe(true);
    expect([await stream('dead'), await stream('webhook')]).toEqual([[], [jobOf('a')]]);
    expect(consuming.invocations).toHaveLength(1);
  });

  it('go back once when two operators redrive them at the same time', async () => {
    for (let id = 0; id < 15; id++) await bury(consuming, database, jobOf(String(id)));
    const both = [consuming.client, consuming.client].map((client) =>
      redriveDeadLetters(contextOf(client), { ids: [], all: true }),
    );
    await Promise.all(both);
    expect(await copies()).toEqual(Array.from({ length: 15 }, (_, id) => jobOf(String(id))).toSorted());
    expect(await stream('dead')).toEqual([]);
  });

  it('that are there twice go back twice: which of the two does the work is for the claim to say', async () => {
    await bury(consuming, database, jobOf('twin'));
    await bury(consuming, database, jobOf('twin'));
    await redriveDeadLetters(contextOf(consuming.client), { ids: [], all: true });
    expect(await stream('transactional')).toEqual([jobOf('twin'), jobOf('twin')]);
  });

  it('may be anything: what is no JSON is shown, goes back to its queue, and is deleted', async () => {
    await bury(consuming, database, POISON, 'bulk');
    const [letter] = await all();
    expect(letter).toMatchObject({ body: POISON, job: undefined, emailId: undefined, sourceQueue: 'bulk' });
    expect(await letter?.redrive()).toBe(true);
    expect(await stream('bulk')).toEqual([POISON]);
    await bury(consuming, database, POISON, 'bulk');
    await (await all())[0]?.delete();
    expect(await stream('dead')).toEqual([]);
  });

  it.each(['', 'dead', 'list', 'constructor'])('that name no queue of ours (%j) stay', async (queue) => {
    await bury(consuming, database, jobOf('a'), queue);
    const [letter] = await all();
    expect(await letter?.redrive()).toBe(false);
    expect(await stream('dead')).toEqual([jobOf('a')]);
    expect(consuming.invocations).toEqual([]);
  });

  it('are in one place, wherever redriving them is cut off; run again it ends', async () => {
    const jobs = [...Array.from({ length: 12 }, (_, id) => jobOf(String(id))), POISON].toSorted();
    for (let nth = 1, finished = false; !finished; nth++) {
      for (const when of ['before', 'after'] as const) {
        consuming = createConsuming(database);
        for (const job of jobs) await bury(consuming, database, job);
        const client = dying(consuming.client, nth, when);
        const end = await redriveDeadLetters(contextOf(client), { ids: [], all: true }).catch((error) => error);
        finished = end === undefined;
        expect(await copies()).toEqual(jobs);
        await redriveDeadLetters(contextOf(consuming.client), { ids: [], all: true });
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
        const purge = (client: RedisClient) => purgeDeadLetters(contextOf(client), { ids: [], all: true, yes: true });
        finished = (await purge(dying(consuming.client, nth, when)).catch((error) => error)) === undefined;
        const status = async () => (await consuming.backend.table.get<EmailRecord>(recordKey(id)))?.status;
        if ((await stream('dead')).length === 0) expect(await status()).toBe('failed');
        await purge(consuming.client);
        expect([await stream('dead'), await status()]).toEqual([[], 'failed']);
      }
      expect(nth).toBeLessThan(50);
    }
  });
});

/** As a consumer leaves it that died: claimed, its lease over. */
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
