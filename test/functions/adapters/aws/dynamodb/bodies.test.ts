import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoBodies } from '../../../../../functions/adapters/aws/dynamodb/bodies.ts';
import { type AwsEmulators, startAwsEmulators } from '../../../../helpers/aws-emulators.ts';

const LIMIT_BYTES = 8 * 1024;

describe('bodies on DynamoDB and S3', () => {
  let aws: AwsEmulators;
  beforeAll(async () => {
    aws = await startAwsEmulators();
  });
  afterAll(() => aws?.close());

  const calls = async (run: () => Promise<unknown>) => {
    aws.calls.length = 0;
    await run();
    return aws.calls.toSorted();
  };

  it('are in the table up to 8 KiB, in the bucket above', async () => {
    const small = Buffer.alloc(LIMIT_BYTES, 'x');
    expect(await calls(() => aws.bodies.put('small', small, 0))).toEqual(['dynamodb.PutItem']);
    expect(await calls(() => aws.bodies.get('small'))).toEqual(['dynamodb.GetItem']);
    const large = Buffer.alloc(LIMIT_BYTES + 1, 'x');
    expect(await calls(() => aws.bodies.put('large', large, 0))).toEqual(['dynamodb.PutItem', 's3.PutObject']);
    expect(await calls(() => aws.bodies.get('large'))).toEqual(['dynamodb.GetItem', 's3.GetObject']);
    expect(await calls(() => aws.bodies.delete('large'))).toEqual([
      'dynamodb.DeleteItem',
      'dynamodb.GetItem',
      's3.DeleteObject',
    ]);
  });

  it('are read at half the price; one that such a read does not see yet is read again', async () => {
    const reads: unknown[] = [];
    const client = {
      send: async ({ input }: { input: { ConsistentRead?: boolean } }) => {
        reads.push(input.ConsistentRead);
        return input.ConsistentRead ? { Item: { bytes: { B: Buffer.from('late') } } } : {};
      },
    } as unknown as DynamoDBClient;
    const bodies = createDynamoBodies(client, 'table', async () => expect.fail('it is not large'));
    expect(await bodies.get('key')).toEqual(Buffer.from('late'));
    expect(reads).toEqual([false, true]);
  });

  it('written by older versions are read: they kept up to 300 KiB in the table', async () => {
    const bytes = Buffer.alloc(300 * 1024, 'x');
    const Item = { key: { S: 'old' }, bytes: { B: bytes } };
    await aws.dynamo.send(new PutItemCommand({ TableName: aws.options.tableName, Item }));
    expect(Buffer.from((await aws.bodies.get('old')) ?? [])).toEqual(bytes);
    // Rescheduling writes it again, now into the bucket.
    await aws.bodies.put('old', bytes, 0);
    expect(await calls(() => aws.bodies.get('old'))).toEqual(['dynamodb.GetItem', 's3.GetObject']);
    await aws.bodies.delete('old');
    expect(await aws.bodies.get('old')).toBeUndefined();
  });

  it('load the client of S3 only for a large one', async () => {
    let loads = 0;
    const files = new Map<string, Uint8Array>();
    const large = async () => {
      loads++;
      return {
        put: async (key: string, bytes: Uint8Array) => void files.set(key, bytes),
        get: async (key: string) => files.get(key),
        delete: async (key: string) => void files.delete(key),
      };
    };
    const bodies = createDynamoBodies(aws.dynamo, aws.options.tableName, large);
    await bodies.put('a', Buffer.from('small'), 0);
    await bodies.get('a');
    await bodies.get('none');
    await bodies.delete('a');
    expect(loads).toBe(0);
    await bodies.put('a', Buffer.alloc(LIMIT_BYTES + 1), 0);
    expect(loads).toBe(1);
  });

  it('expire with their record: the table’s TTL is in whole seconds, rounded up', async () => {
    await aws.bodies.put('ttl', Buffer.from('x'), 1_800_000_000_001);
    const { Item } = await aws.dynamo.send(
      new GetItemCommand({ TableName: aws.options.tableName, Key: { key: { S: 'ttl' } } }),
    );
    expect(Item?.expiresAt).toEqual({ N: '1800000001' });
  });

  it('do not exist while only the pointer is written', async () => {
    const nothing = async () => ({ put: async () => {}, get: async () => undefined, delete: async () => {} });
    await createDynamoBodies(aws.dynamo, aws.options.tableName, nothing).put('early', Buffer.alloc(LIMIT_BYTES + 1), 0);
    expect(await aws.bodies.get('early')).toBeUndefined();
  });

  it.each([
    ['dynamodb', 'PutItem', 'InternalServerError'],
    ['s3', 'PutObject', 'SlowDown'],
  ])('are not put when %s fails: %s', async (service, action, code) => {
    const effect = { kind: 'error', status: 503, code, message: 'down' } as const;
    const fault = aws.faults.add({ service, action, when: 'before', effect });
    await expect(aws.bodies.put('failed', Buffer.alloc(LIMIT_BYTES + 1), 0)).rejects.toMatchObject({ retryable: true });
    fault.remove();
  });
});
