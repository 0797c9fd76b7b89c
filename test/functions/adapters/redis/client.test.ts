import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRedisBackend } from '../../../../functions/adapters/redis/backend.ts';
import { createRedisClient } from '../../../../functions/adapters/redis/client.ts';
import { backlog, redrive } from '../../../../functions/adapters/redis/operations.ts';
import type { Submission } from '../../../../functions/core/ports/backend.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../../helpers/redis-database.ts';

const SECRET = 'recipient-in-a-body@example.com';

const submission = (): Submission => {
  const id = randomUUID();
  return {
    record: {
      key: `email#${id}`,
      fields: { id, to: SECRET, status: 'queued', attempts: 0 },
      list: { partition: 'email', sort: id },
      expiresAtMs: Date.now() + 3_600_000,
    },
    body: { key: `body#${id}`, bytes: Buffer.alloc(2_000, SECRET) },
    job: { queue: 'transactional', job: { task: 'email.send', args: { id }, attempt: 1 } },
    repeatable: false,
  };
};

describe.skipIf(!hasRedis)('the Redis client', () => {
  let database: RedisDatabase;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterEach(() => {
    database.front.fault = undefined;
  });
  afterAll(() => database?.close());

  const open = (token = database.front.token, invokeConsumer = async () => {}) =>
    createRedisClient({
      credentials: async () => ({ url: database.front.url, token }),
      namespace: randomUUID(),
      invokeConsumer,
      retryDelaysMs: [1, 1],
      timeoutMs: 1_000,
    });
  const fail = (effect: NonNullable<RedisDatabase['front']['fault']>['effect'], times?: number) => {
    database.front.fault = { effect, ...(times === undefined ? {} : { times }) };
  };

  it('sends operations of the same moment in one request, and reads all their documents with one command', async () => {
    const { table, bodies } = createRedisBackend(open());
    await table.insert({ key: 'a', fields: { a: 1 } });
    database.front.counts.requests = 0;
    await database.command('CONFIG', 'RESETSTAT');
    await Promise.all([table.get('a'), bodies.get('b'), table.get('c'), table.update('a', { set: { a: 2 } })]);
    expect(database.front.counts.requests).toBe(1);
    expect(await database.commandStats()).toMatchObject({ evalsha: 1, mget: 1, set: 1 });
  });

  it('changes an email and queues its job in one request: nothing can happen in between', async () => {
    const { table, updateAndSend } = createRedisBackend(open());
    await table.insert({ key: 'e', fields: { status: 'failed' } });
    database.front.counts.requests = 0;
    const job = { queue: 'transactional', job: { task: 'email.send', args: {}, attempt: 1 } } as const;
    const change = { set: { status: 'queued' } };
    expect((await updateAndSend('e', change, [{ status: 'failed' }], job)).applied).toBe(true);
    expect(database.front.counts.requests).toBe(1);
  });

  it('invokes a consumer when the answer to a queued job is lost: the job may be there, and nobody else knows of it', async () => {
    let invocations = 0;
    const client = open(undefined, async () => void invocations++);
    const { submit, table } = createRedisBackend(client);
    await table.get('the first request looks at the eviction policy too');
    for (const [effect, times, expected] of [
      ['drop-after', 2, 1],
      ['drop-before', 2, 2],
      [{ status: 503, error: 'down' }, 1, 2],
      [{ status: 400, error: 'OOM command not allowed' }, 1, 2],
    ] as const) {
      fail(effect, times);
      await expect(submit([submission()])).rejects.toMatchObject({ retryable: true });
      expect(invocations).toBe(expected);
    }
    fail('drop-after', 2);
    await expect(table.get('x')).rejects.toMatchObject({ retryable: true });
    expect(invocations).toBe(2);
    fail('drop-after', 2);
    await expect(client.run(redrive('1-1'))).rejects.toMatchObject({ retryable: true });
    expect(invocations).toBe(3);
  });

  it('accepts an email in one request of six commands', async () => {
    const client = open();
    const { submit } = createRedisBackend(client);
    await submit([submission()]);
    database.front.counts.requests = 0;
    await database.command('CONFIG', 'RESETSTAT');
    await submit([submission()]);
    expect(database.front.counts.requests).toBe(1);
    const { info, 'config|resetstat': _, ...stats } = await database.commandStats();
    expect(stats).toEqual({ evalsha: 1, set: 2, zadd: 1, xadd: 1, zscore: 1 });
  });

  it('sends the script again to a server that has lost it', async () => {
    const { table } = createRedisBackend(open());
    await table.insert({ key: 'x', fields: { a: 1 } });
    await database.command('SCRIPT', 'FLUSH');
    expect(await table.get('x')).toEqual({ a: 1 });
  });

  it.each([
    ['its rate limit', { status: 429, error: 'ERR too many requests' }, /not available|limit/],
    ['its monthly limit', { status: 400, error: 'ERR max requests limit exceeded' }, /limit is reached/],
    ['a fault', { status: 502, error: 'bad gateway' }, /not available/],
    ['loading', { status: 400, error: 'LOADING Redis is loading the dataset in memory' }, /loading/],
    ['being a replica', { status: 400, error: "READONLY You can't write against a read only replica." }, /replica/],
    ['being full', { status: 400, error: "OOM command not allowed when used memory > 'maxmemory'." }, /full/],
    ['being over quota', { status: 400, error: 'ERR DB capacity quota exceeded' }, /full/],
    ['dropping the connection', 'drop-before', /not available/],
  ] as const)('answers 503 for %s, and holds nothing of what was sent', async (_what, effect, message) => {
    const { submit, table } = createRedisBackend(open());
    await table.get('warm');
    fail(effect, 3);
    const one = submission();
    const error = await submit([one]).catch((thrown: unknown) => thrown);
    database.front.fault = undefined;
    expect(error).toMatchObject({ name: 'SendoffError', code: 'service_unavailable', status: 503, retryable: true });
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
    expect(await table.get(one.record.key)).toBeUndefined();
  });

  it('rolls back an email that was written and whose answer was lost', async () => {
    const { submit, table } = createRedisBackend(open());
    await table.get('warm');
    fail('drop-after', 2);
    const one = submission();
    await expect(submit([one])).rejects.toMatchObject({ retryable: true });
    expect(await table.get(one.record.key)).toBeUndefined();
  });

  it.each([
    ['before Redis had the request', 'drop-before'],
    // The lost answer may have asked for a consumer: one is invoked in any case.
    ['after Redis had carried it out', 'drop-after'],
  ] as const)('asks again when its kept connection was closed %s, and invokes one consumer', async (_when, effect) => {
    let invocations = 0;
    const client = open(undefined, async () => void invocations++);
    const { submit, table } = createRedisBackend(client);
    // The server closes all connections that are kept.
    await Promise.all([client.firstTimer(), client.peek(), table.get('warm')]);
    const one = submission();
    fail(effect, 1);
    await submit([one]);
    expect(invocations).toBe(1);
    expect(await table.get(one.record.key)).toMatchObject({ status: 'queued' });
    expect(await client.run(backlog())).toBe(1);
    for (const ask of [client.firstTimer, client.peek]) {
      fail(effect, 1);
      await expect(ask()).resolves.toBeDefined();
    }
  });

  it('tries again by itself a request that was not executed', async () => {
    const { table } = createRedisBackend(open());
    await table.get('warm');
    fail({ status: 400, error: 'LOADING Redis is loading the dataset in memory' }, 2);
    expect(await table.get('x')).toBeUndefined();
    expect(database.front.fault).toBeUndefined();
  });

  it('names wrong credentials as the fault, and is not retryable then', async () => {
    await expect(createRedisBackend(open('wrong')).table.get('x')).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(/credentials/),
    });
  });

  it('fails a request of two commands if one of them fails', async () => {
    const client = open();
    expect(await client.peek()).toEqual({ first: undefined, deadLetters: 0 });
    await database.command('SET', queueKey(client, 'dead'), 'no stream');
    await expect(client.peek()).rejects.toThrow(/^WRONGTYPE/);
  });

  it('asks for its credentials again after they could not be read', async () => {
    let asked = 0;
    const client = createRedisClient({
      credentials: async () => {
        if (++asked < 3) throw new Error('no secret');
        return database.front;
      },
      namespace: randomUUID(),
      invokeConsumer: async () => {},
    });
    // The check of the eviction policy asks first and ignores the failure; the operation then fails.
    await expect(client.run(backlog())).rejects.toThrow('no secret');
    expect(await client.run(backlog())).toBe(0);
  });

  it('refuses a server that evicts keys, and says what to set', async () => {
    await database.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      await expect(createRedisBackend(open()).table.get('x')).rejects.toMatchObject({
        status: 503,
        message: expect.stringMatching(/allkeys-lru.*noeviction/),
      });
    } finally {
      await database.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
    expect(await createRedisBackend(open()).table.get('x')).toBeUndefined();
  });

  it('accepts nothing on a full server, and accepts again when there is room', async () => {
    const client = open();
    const { submit, table } = createRedisBackend(client);
    await submit([submission()]);
    await database.command('CONFIG', 'SET', 'maxmemory', '1');
    const one = submission();
    try {
      await expect(submit([one, submission()])).rejects.toMatchObject({ status: 503, retryable: true });
      expect(await table.get(one.record.key)).toBeUndefined();
      expect(await client.run(backlog())).toBe(1);
    } finally {
      await database.command('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await submit([one])).toMatchObject([{ applied: true }]);
  });

  it('accepts nothing on a replica', async () => {
    const { submit, table } = createRedisBackend(open());
    await table.get('warm');
    await database.command('REPLICAOF', '127.0.0.1', '1');
    try {
      await expect(submit([submission()])).rejects.toMatchObject({ status: 503, retryable: true });
    } finally {
      await database.command('REPLICAOF', 'NO', 'ONE');
    }
  });

  it('removes the members of expired documents from an index when it is read', async () => {
    const client = open();
    const { table } = createRedisBackend(client);
    const list = { partition: 'p', sort: 'a' };
    await table.insert({ key: 'gone', fields: {}, list, expiresAtMs: Date.now() + 20 });
    await table.insert({ key: 'stays', fields: {}, list: { ...list, sort: 'b' }, expiresAtMs: Date.now() + 60_000 });
    const index = queueKey(client, 'list');
    expect(await database.command('ZCARD', index)).toBe(2);
    while ((await table.get('gone')) !== undefined);
    const entries = await table.query({ index: 'list', partition: 'p', limit: 1, order: 'ascending' });
    expect(entries).toEqual([{ key: 'stays', sort: 'b' }]);
    expect(await database.command('ZCARD', index)).toBe(1);
  });

  it('sweeps an index once in a while when a document is inserted', async () => {
    const client = open();
    const { createRedisTable } = await import('../../../../functions/adapters/redis/table.ts');
    const table = createRedisTable(client, Date.now, () => 0);
    await table.insert({ key: 'gone', fields: {}, list: { partition: 'p', sort: 'a' }, expiresAtMs: Date.now() + 20 });
    while ((await table.get('gone')) !== undefined);
    await table.insert({
      key: 'new',
      fields: {},
      list: { partition: 'p', sort: 'b' },
      expiresAtMs: Date.now() + 60_000,
    });
    expect(await database.command('ZCARD', queueKey(client, 'list'))).toBe(1);
  });
});
