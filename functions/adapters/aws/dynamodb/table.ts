import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type {
  Document,
  Entry,
  IndexEntry,
  IndexName,
  NewDocument,
  Query,
  ReadOptions,
  Table,
  WriteOutcome,
} from '../../../core/ports/table.ts';
import { slices } from '../../../core/slices.ts';
import { awsCall } from '../errors.ts';
import { changeExpression, conditionExpression, createNames } from './expressions.ts';
import { createShardsToRead, LEAST_SHARDS, type ShardOptions, shardKey, shardOf } from './shards.ts';
import { untilProcessed } from './unprocessed.ts';

type Item = Record<string, AttributeValue>;

/**
 * Each index partition is spread over several DynamoDB partitions, and a query merges them: one partition key takes
 * 1,000 writes a second (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html).
 */
const FEW_SHARDS: ShardOptions = { count: LEAST_SHARDS, isWide: () => false };
/** BatchGetItem's limit. */
const GET_MANY_LIMIT = 100;
/** Attributes of the table beside the fields of the document. */
const OWN_ATTRIBUTES = ['key', 'expiresAt', 'listPartition', 'listSort', 'duePartition', 'dueSort'];

/** The table port on one DynamoDB table: key `key`, sparse indexes `list` and `due`, TTL attribute `expiresAt`. */
export function createDynamoTable(
  client: DynamoDBClient,
  tableName: string,
  now: () => number = Date.now,
  shards: ShardOptions = FEW_SHARDS,
): Table {
  const indexAttributes = (index: IndexName, { partition, sort }: IndexEntry): Item => ({
    [`${index}Partition`]: { S: shardKey(partition, shardOf(partition, sort, shards)) },
    [`${index}Sort`]: { S: sort },
  });
  const hasEntries = async (index: IndexName, partition: string, shard: number) => {
    const any = { index, partition, limit: 1, order: 'ascending' } as const;
    return (await queryShard(client, tableName, any, shard)).length > 0;
  };
  const shardsToRead = createShardsToRead(shards, hasEntries, now);
  const document = <T extends Document>(item: Item | undefined): T | undefined => {
    if (!item) return undefined;
    const fields = unmarshall(item);
    // TTL deletes up to days late; until then an expired item counts as deleted.
    if (typeof fields.expiresAt === 'number' && fields.expiresAt * 1000 <= now()) return undefined;
    for (const name of OWN_ATTRIBUTES) delete fields[name];
    return fields as T;
  };

  const conditional = async <T extends Document>(
    call: () => Promise<{ Attributes?: Item }>,
  ): Promise<WriteOutcome<T>> => {
    try {
      const { Attributes } = await awsCall('DynamoDB', call);
      return { applied: true, document: document<T>(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { applied: false, document: document<T>(error.Item) };
    }
  };

  return {
    async get<T extends Document>(key: string) {
      const { Item } = await awsCall('DynamoDB', () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: { key: { S: key } }, ConsistentRead: true })),
      );
      return document<T>(Item);
    },

    async getMany<T extends Document>(keys: readonly string[], { mayLag = false }: ReadOptions = {}) {
      const found = new Map<string, T>();
      for (const some of slices(keys, GET_MANY_LIMIT)) {
        for (const item of await batchGet(client, tableName, some, !mayLag)) {
          const fields = document<T>(item);
          if (fields && item.key?.S) found.set(item.key.S, fields);
        }
      }
      return keys.map((key) => found.get(key));
    },

    async insert<T extends Document>({ key, fields, list, due, expiresAtMs }: NewDocument) {
      const item: Item = {
        ...marshall(fields, { removeUndefinedValues: true }),
        key: { S: key },
        ...(list ? indexAttributes('list', list) : {}),
        ...(due ? indexAttributes('due', due) : {}),
        ...(expiresAtMs === undefined ? {} : { expiresAt: { N: String(Math.ceil(expiresAtMs / 1000)) } }),
      };
      // An expired item that TTL has not deleted yet is replaced.
      const outcome = await conditional<T>(() =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: item,
            ConditionExpression: 'attribute_not_exists(#key) OR #expiresAt <= :now',
            ExpressionAttributeNames: { '#key': 'key', '#expiresAt': 'expiresAt' },
            ExpressionAttributeValues: { ':now': { N: String(Math.floor(now() / 1000)) } },
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      // PutItem does not answer the new item.
      return outcome.applied ? { applied: true, document: document<T>(item) } : outcome;
    },

    update(key, change, anyOf) {
      const names = createNames();
      const own: Item = {
        ...(change.list ? indexAttributes('list', change.list) : {}),
        ...(change.due ? indexAttributes('due', change.due) : {}),
        ...(change.expiresAtMs === undefined ? {} : { expiresAt: { N: String(Math.ceil(change.expiresAtMs / 1000)) } }),
      };
      const taken = [
        ...(change.list === null ? ['listPartition', 'listSort'] : []),
        ...(change.due === null ? ['duePartition', 'dueSort'] : []),
      ];
      return conditional(() =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { key: { S: key } },
            ...changeExpression(change, own, taken, names),
            ConditionExpression: conditionExpression(anyOf, names, now()),
            ...names.attributes(),
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
    },

    async delete(key, anyOf) {
      const names = createNames();
      const { applied } = await conditional(() =>
        client.send(
          new DeleteItemCommand({
            TableName: tableName,
            Key: { key: { S: key } },
            ConditionExpression: conditionExpression(anyOf, names, now()),
            ...names.attributes(),
          }),
        ),
      );
      return applied;
    },

    async query(query) {
      if (query.part !== undefined)
        return (await queryShard(client, tableName, query, query.part)).slice(0, query.limit);
      const read = await shardsToRead(query.index, query.partition);
      const shards = await Promise.all(read.map((shard) => queryShard(client, tableName, query, shard)));
      const direction = query.order === 'ascending' ? 1 : -1;
      // Byte order, as DynamoDB's own: localeCompare would differ.
      const merged = shards.flat().sort((a, b) => (a.sort < b.sort ? -direction : a.sort > b.sort ? direction : 0));
      return merged.slice(0, query.limit);
    },

    parts: shardsToRead,
  };
}

async function batchGet(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly string[],
  consistent: boolean,
): Promise<Item[]> {
  const items: Item[] = [];
  const wanted: Item[] = [...new Set(keys)].map((key) => ({ key: { S: key } }));
  await untilProcessed(wanted, async (Keys) => {
    const RequestItems = { [tableName]: { Keys, ConsistentRead: consistent } };
    const { Responses, UnprocessedKeys } = await awsCall('DynamoDB', () =>
      client.send(new BatchGetItemCommand({ RequestItems })),
    );
    items.push(...(Responses?.[tableName] ?? []));
    return UnprocessedKeys?.[tableName]?.Keys;
  });
  return items;
}

/** A key condition of DynamoDB has one range, which includes both ends: two more items are read and the ends left out. */
async function queryShard(client: DynamoDBClient, tableName: string, query: Query, shard: number): Promise<Entry[]> {
  const { index, partition, limit, order, after, before } = query;
  const [low = ' ', high = '\u{10ffff}'] = order === 'ascending' ? [after, before] : [before, after];
  if (low > high) return [];
  const { Items = [] } = await awsCall('DynamoDB', () =>
    client.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: index,
        KeyConditionExpression: '#partition = :partition AND #sort BETWEEN :low AND :high',
        ExpressionAttributeNames: { '#partition': `${index}Partition`, '#sort': `${index}Sort` },
        ExpressionAttributeValues: {
          ':partition': { S: shardKey(partition, shard) },
          ':low': { S: low },
          ':high': { S: high },
        },
        ScanIndexForward: order === 'ascending',
        Limit: limit + 2,
      }),
    ),
  );
  return Items.map((item) => ({ key: item.key?.S ?? '', sort: item[`${index}Sort`]?.S ?? '' })).filter(
    ({ sort }) => sort !== after && sort !== before,
  );
}
