import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDynamoBodies } from '../../../../../functions/adapters/aws/dynamodb/bodies.ts';
import { emailShards } from '../../../../../functions/adapters/aws/dynamodb/shards.ts';
import { createDynamoTable } from '../../../../../functions/adapters/aws/dynamodb/table.ts';
import { addOrCreate } from '../../../../../functions/core/document/add.ts';
import { createWriters } from '../../../../../functions/core/document/writers.ts';
import type { Table } from '../../../../../functions/core/ports/table.ts';
import { type AwsEmulators, startAwsEmulators } from '../../../../helpers/aws-emulators.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('the table on DynamoDB', () => {
  let aws: AwsEmulators;
  let clock: number;
  let table: Table;
  beforeAll(async () => {
    aws = await startAwsEmulators();
    table = createDynamoTable(aws.dynamo, aws.options.tableName, () => clock);
  });
  afterAll(() => aws?.close());

  it('treats a document as deleted from its second on, although TTL deletes it days later', async () => {
    clock = 1_000_000;
    await table.insert({ key: 'late', fields: { a: 1 }, expiresAtMs: 1_000_500 });
    clock = 1_000_999;
    expect(await table.get('late')).toEqual({ a: 1 });
    expect((await table.update('late', { set: { a: 2 } })).applied).toBe(true);
    expect((await table.insert({ key: 'late', fields: {} })).applied).toBe(false);
    clock = 1_001_000;
    expect(await table.get('late')).toBeUndefined();
    expect((await table.getMany(['late']))[0]).toBeUndefined();
    expect(await table.update('late', { set: { a: 3 } })).toEqual({ applied: false, document: undefined });
    expect(await table.delete('late')).toBe(false);
    expect((await table.insert({ key: 'late', fields: { b: 1 } })).applied).toBe(true);
    expect(await table.get('late')).toEqual({ b: 1 });
  });

  it('spreads an index over four partitions of the database', async () => {
    clock = 0;
    const sorts = Array.from({ length: 40 }, (_, index) => `sort-${index}`);
    await Promise.all(
      sorts.map((sort) => table.insert({ key: `spread-${sort}`, fields: {}, list: { partition: 'spread', sort } })),
    );
    const { Items = [] } = await aws.dynamo.send(
      new ScanCommand({ TableName: aws.options.tableName, IndexName: 'list' }),
    );
    const partitions = Items.map(({ listPartition }) => listPartition?.S ?? '').filter((name) =>
      name.startsWith('spread'),
    );
    expect(new Set(partitions)).toEqual(new Set(['spread#0', 'spread#1', 'spread#2', 'spread#3']));
  });

  describe('with more shards for the emails', () => {
    const open = (shards?: number) =>
      createDynamoTable(aws.dynamo, aws.options.tableName, () => clock, emailShards(shards));
    const sorts = Array.from({ length: 60 }, (_, index) => `sort-${String(index).padStart(2, '0')}`);
    const insert = (some: Table, round: string) =>
      Promise.all(
        sorts.map((sort) =>
          some.insert({ key: `${round}-${sort}`, fields: {}, due: { partition: 'email', sort: `${sort}-${round}` } }),
        ),
      );
    const query = { index: 'due', partition: 'email', limit: 1_000, order: 'ascending' } as const;
    const read = async (some: Table, part?: number) =>
      (await some.query({ ...query, ...(part === undefined ? {} : { part }) })).map(({ sort }) => sort);

    it('finds every entry in order, whatever the option was when it was written', async () => {
      clock = 0;
      await insert(open(4), 'a');
      expect(await open(4).parts('due', 'email')).toEqual([0, 1, 2, 3]);
      await insert(open(16), 'b');
      const written = sorts.flatMap((sort) => [`${sort}-a`, `${sort}-b`]);
      for (const shards of [4, 16, 64]) expect(await read(open(shards))).toEqual(written);
      const lowered = open();
      const parts = await lowered.parts('due', 'email');
      expect(parts.length).toBeGreaterThan(4);
      const side = await Promise.all(parts.map((part) => read(lowered, part)));
      expect(side.flat().toSorted()).toEqual(written);
      for (const one of side) expect(one).toEqual(one.toSorted());
    });

    it('sees within an hour what a process with more shards wrote meanwhile', async () => {
      clock = 0;
      const old = open(4);
      await old.parts('list', 'email');
      const list = { partition: 'email', sort: 'z-5' };
      for (let number = 0; number < 20; number++)
        await open(64).insert({ key: `new-${number}`, fields: {}, list: { ...list, sort: `z-${number}` } });
      expect((await old.query({ ...query, index: 'list' })).length).toBeLessThan(20);
      clock = 3_600_000;
      expect(await old.query({ ...query, index: 'list' })).toHaveLength(20);
    });

    it('spreads other partitions as before, and looks for no further shards of theirs', async () => {
      clock = 0;
      aws.calls.length = 0;
      await open(16).query({ index: 'list', partition: 'webhook', limit: 1, order: 'ascending' });
      expect(aws.calls).toHaveLength(4);
      const emails = open(16);
      aws.calls.length = 0;
      await emails.query({ ...query, limit: 1 });
      expect(aws.calls).toHaveLength(64);
      await emails.query({ ...query, limit: 1 });
      expect(aws.calls.length).toBeLessThan(64 + 64);
    });
  });

  it('makes one AWS call for each of its methods', async () => {
    clock = 0;
    const calls = async (run: () => Promise<unknown>) => {
      aws.calls.length = 0;
      await run();
      return [...aws.calls];
    };
    expect(await calls(() => table.insert({ key: 'one', fields: {} }))).toEqual(['dynamodb.PutItem']);
    expect(await calls(() => table.insert({ key: 'one', fields: {} }))).toEqual(['dynamodb.PutItem']);
    expect(await calls(() => table.update('one', { set: { a: 1 } }, [{ a: { exists: false } }]))).toEqual([
      'dynamodb.UpdateItem',
    ]);
    expect(await calls(() => table.update('one', { set: { a: 1 } }, [{ a: 2 }]))).toEqual(['dynamodb.UpdateItem']);
    expect(await calls(() => table.get('one'))).toEqual(['dynamodb.GetItem']);
    expect(await calls(() => table.getMany(['one', 'two', 'one']))).toEqual(['dynamodb.BatchGetItem']);
    expect(await calls(() => table.delete('one'))).toEqual(['dynamodb.DeleteItem']);
  });

  it.each([
    ['throttling', 400, 'ProvisionedThroughputExceededException'],
    ['an internal error', 500, 'InternalServerError'],
  ])('rejects as retryable on %s, in each of its methods', async (_what, status, code) => {
    const effect = { kind: 'error', status, code, message: 'down' } as const;
    const fault = aws.faults.add({ service: 'dynamodb', action: '*', when: 'before', effect });
    const asked = [
      () => table.get('a'),
      () => table.getMany(['a']),
      () => table.insert({ key: 'a', fields: {} }),
      () => table.update('a', { set: { a: 1 } }),
      () => table.delete('a'),
      () => table.query({ index: 'list', partition: 'a', limit: 1, order: 'ascending' }),
    ];
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ status: 503, retryable: true });
    fault.remove();
  });

  it('adds once, although the SDK repeats an addition whose answer was lost', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1', endpoint: aws.endpoint, credentials, maxAttempts: 3 });
    const repeating = createDynamoTable(client, aws.options.tableName, () => clock);
    const asWriter = createWriters(() => 1);
    for (const [action, count] of [
      ['PutItem', 1],
      ['UpdateItem', 2],
    ] as const) {
      const lost = { service: 'dynamodb', action, when: 'after', times: 1, effect: { kind: 'drop' } } as const;
      const fault = aws.faults.add(lost);
      await asWriter((writer) => addOrCreate(repeating, { key: 'sum', add: { count: 1 }, writer }));
      expect(fault.hits).toBe(1);
      expect(await table.get('sum')).toMatchObject({ count });
    }
    client.destroy();
  });

  it('passes on errors that are not transient', async () => {
    const effect = { kind: 'error', status: 400, code: 'AccessDeniedException', message: 'no' } as const;
    const fault = aws.faults.add({ service: 'dynamodb', action: '*', when: 'before', effect });
    await expect(table.get('a')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    fault.remove();
  });
});

describe('reading many', () => {
  const Key = (key: string) => ({ key: { S: key } });
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('requests unprocessed keys again', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    dynamo
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { t: [{ ...Key('a'), n: { N: '1' } }] },
        UnprocessedKeys: { t: { Keys: [Key('b')] } },
      })
      .resolvesOnce({ Responses: { t: [{ ...Key('b'), n: { N: '2' } }] } });
    const read = createDynamoTable(client, 't').getMany(['a', 'b']);
    await vi.runAllTimersAsync();
    expect(await read).toEqual([{ n: 1 }, { n: 2 }]);
    expect(dynamo.commandCalls(BatchGetItemCommand)).toHaveLength(2);
    expect(dynamo.commandCalls(BatchGetItemCommand)[1]?.args[0].input.RequestItems?.t).toEqual({
      Keys: [Key('b')],
      ConsistentRead: true,
    });
  });

  it('waits longer each time, with jitter, and ends as retryable when DynamoDB stays busy', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    dynamo.on(BatchGetItemCommand).resolves({ UnprocessedKeys: { t: { Keys: [Key('a')] } } });
    const waits = vi.spyOn(globalThis, 'setTimeout');
    const jitter = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const read = createDynamoTable(client, 't').getMany(['a']);
    const ended = expect(read).rejects.toMatchObject({ status: 503, retryable: true });
    await vi.runAllTimersAsync();
    await ended;
    expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([12.5, 25, 50, 100, 200, 400, 500]);
    expect(dynamo.commandCalls(BatchGetItemCommand)).toHaveLength(8);
    for (const spy of [waits, jitter]) spy.mockRestore();
  });

  it('costs half if the read may lag', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    dynamo.on(BatchGetItemCommand).resolves({});
    await createDynamoTable(client, 't').getMany(['a'], { mayLag: true });
    const [call] = dynamo.commandCalls(BatchGetItemCommand);
    expect(call?.args[0].input.RequestItems?.t?.ConsistentRead).toBe(false);
  });

  it('sees every write that was answered before: reads are consistent', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    dynamo.on(GetItemCommand).resolves({}).on(BatchGetItemCommand).resolves({});
    const table = createDynamoTable(client, 't');
    await table.get('a');
    await table.getMany(['a']);
    await createDynamoBodies(client, 't', () => Promise.reject(new Error('not large'))).get('a');
    const consistent = dynamo.commandCalls(GetItemCommand).map(({ args }) => args[0].input.ConsistentRead);
    // A body never changes: only one that a cheaper read does not find is read consistently.
    expect(consistent).toEqual([true, false, true]);
    expect(dynamo.commandCalls(BatchGetItemCommand)[0]?.args[0].input.RequestItems?.t?.ConsistentRead).toBe(true);
  });

  it('queries no shard of an index when its bounds exclude everything', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    const query = { index: 'list', partition: 'p', limit: 1, order: 'ascending', after: 'b', before: 'a' } as const;
    expect(await createDynamoTable(client, 't').query(query)).toEqual([]);
    expect(dynamo.commandCalls(QueryCommand)).toEqual([]);
  });
});
