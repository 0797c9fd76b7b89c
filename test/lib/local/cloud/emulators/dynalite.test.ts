import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dynalite, embedDynalite } from '../../../../../lib/local/cloud/emulators/dynalite.ts';

type Item = Record<string, Record<string, unknown>>;
const region = 'us-east-1';
const accountId = '000000000000';
const TableName = 'emails';
let dynalite: Dynalite;

async function createTable(on: Dynalite): Promise<number | undefined> {
  const answer = await on.execute('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: ['pk', 'owner', 'sort'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byOwner',
        KeySchema: [
          { AttributeName: 'owner', KeyType: 'HASH' },
          { AttributeName: 'sort', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  // A timer of 0 ms makes it active; a busy machine may be slower with that than with the next call.
  const isActive = async () => {
    const description = await on.execute('DescribeTable', { TableName });
    return JSON.stringify(description?.body).includes('"TableStatus":"ACTIVE"');
  };
  while (!(await isActive()));
  return answer?.status;
}

async function run(action: string, input: Record<string, unknown>) {
  const answer = await dynalite.execute(action, { TableName, ...input });
  if (!answer) throw new Error(`no action ${action}`);
  return answer;
}

const put = (Item: Item) => run('PutItem', { Item });

beforeAll(async () => {
  dynalite = await embedDynalite({ region, accountId });
  expect(await createTable(dynalite)).toBe(200);
});
afterAll(() => dynalite.close());

describe('DynamoDB', () => {
  it('answers the stored item of a failed condition, when asked for it', async () => {
    await put({ pk: { S: 'a' }, status: { S: 'sent' } });
    const condition = { Item: { pk: { S: 'a' } }, ConditionExpression: 'attribute_not_exists(pk)' };
    const asked = await run('PutItem', { ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
    expect(asked.status).toBe(400);
    expect(asked.body).toMatchObject({ Item: { pk: { S: 'a' }, status: { S: 'sent' } } });
    expect(String(asked.body.__type)).toContain('ConditionalCheckFailedException');
    expect((await run('PutItem', condition)).body).not.toHaveProperty('Item');
  });

  it('has no item to answer when the condition failed because there is none', async () => {
    const answer = await run('UpdateItem', {
      Key: { pk: { S: 'nobody' } },
      UpdateExpression: 'SET x = :x',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':x': { S: '1' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(answer.status).toBe(400);
    expect(answer.body).not.toHaveProperty('Item');
  });

  it('appends to lists that may not exist', async () => {
    const append = (entry: string) =>
      run('UpdateItem', {
        Key: { pk: { S: 'list' } },
        UpdateExpression: 'SET timeline = list_append(if_not_exists(timeline, :none), :entry) ADD attempts :one',
        ExpressionAttributeValues: { ':none': { L: [] }, ':entry': { L: [{ S: entry }] }, ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      });
    await append('queued');
    const { body } = await append('sent');
    expect(body.Attributes).toMatchObject({ timeline: { L: [{ S: 'queued' }, { S: 'sent' }] }, attempts: { N: '2' } });
  });

  it('compares sizes in conditions', async () => {
    await put({ pk: { S: 'sized' }, list: { L: [{ S: '1' }, { S: '2' }] } });
    const ifShorterThan = (limit: string) =>
      run('UpdateItem', {
        Key: { pk: { S: 'sized' } },
        UpdateExpression: 'SET touched = :t',
        ConditionExpression: 'size(#list) < :limit',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: { ':limit': { N: limit }, ':t': { BOOL: true } },
      });
    expect((await ifShorterThan('2')).status).toBe(400);
    expect((await ifShorterThan('3')).status).toBe(200);
  });

  it('pages backward through an index', async () => {
    for (const sort of ['1', '2', '3', '4', '5']) {
      await put({ pk: { S: `page-${sort}` }, owner: { S: 'me' }, sort: { S: sort } });
    }
    const sorts: unknown[] = [];
    let ExclusiveStartKey: unknown;
    do {
      const { body } = await run('Query', {
        IndexName: 'byOwner',
        KeyConditionExpression: '#owner = :me AND #sort < :end',
        ExpressionAttributeNames: { '#owner': 'owner', '#sort': 'sort' },
        ExpressionAttributeValues: { ':me': { S: 'me' }, ':end': { S: '5' } },
        ScanIndexForward: false,
        Limit: 2,
        ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}),
      });
      sorts.push(...(body.Items as Item[]).map((item) => item.sort?.S));
      ExclusiveStartKey = body.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    expect(sorts).toEqual(['4', '3', '2', '1']);
  });

  it('writes and reads batches', async () => {
    const items = ['b1', 'b2', 'b3'].map((pk) => ({ pk: { S: pk } }));
    const written = await dynalite.execute('BatchWriteItem', {
      RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) },
    });
    expect(written).toMatchObject({ status: 200, body: { UnprocessedItems: {} } });
    const read = await dynalite.execute('BatchGetItem', {
      RequestItems: { [TableName]: { Keys: [...items, { pk: { S: 'absent' } }], ConsistentRead: true } },
    });
    expect(read?.body).toMatchObject({ Responses: { [TableName]: [{}, {}, {}] } });
  });

  it('counts write units for the indexes an item is in', async () => {
    const { body } = await run('PutItem', {
      Item: { pk: { S: 'counted' }, owner: { S: 'me' }, sort: { S: '9' } },
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(body.ConsumedCapacity).toMatchObject({
      CapacityUnits: 2,
      Table: { CapacityUnits: 1 },
      GlobalSecondaryIndexes: { byOwner: { CapacityUnits: 1 } },
    });
  });

  it('counts two index writes when the key of the entry changes, none when the projected attributes stay the same', async () => {
    const change = async (UpdateExpression: string, values: Record<string, unknown>) => {
      const { body } = await run('UpdateItem', {
        Key: { pk: { S: 'moved' } },
        UpdateExpression,
        ExpressionAttributeNames: { '#sort': 'sort', '#owner': 'owner' },
        ExpressionAttributeValues: { ':me': { S: 'me' }, ...values },
        ReturnConsumedCapacity: 'INDEXES',
      });
      return (body.ConsumedCapacity as { CapacityUnits: number }).CapacityUnits;
    };
    const set = 'SET #owner = :me, #sort = :sort';
    expect(await change(set, { ':sort': { S: '1' } })).toBe(2);
    expect(await change(set, { ':sort': { S: '1' } })).toBe(1);
    expect(await change(set, { ':sort': { S: '2' } })).toBe(3);
  });

  it('has no transactions', () => {
    expect(dynalite.execute('TransactWriteItems', {})).toBeUndefined();
  });
});

it('keeps items in a folder', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'dynalite-'));
  try {
    const first = await embedDynalite({ region, accountId, dataDirectory });
    await createTable(first);
    await first.execute('PutItem', { TableName, Item: { pk: { S: 'kept' } } });
    await first.close();
    const second = await embedDynalite({ region, accountId, dataDirectory });
    const answer = await second.execute('GetItem', { TableName, Key: { pk: { S: 'kept' } } });
    expect(answer?.body.Item).toEqual({ pk: { S: 'kept' } });
    await second.close();
  } finally {
    rmSync(dataDirectory, { recursive: true });
  }
});
