import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPutGather } from '../../../../../functions/adapters/aws/dynamodb/put-gather.ts';
import { type AwsEmulators, startAwsEmulators } from '../../../../helpers/aws-emulators.ts';

const keys = (count: number) => Array.from({ length: count }, (_, index) => ({ key: { S: `key-${index}` } }));

describe('putting many items', () => {
  let aws: AwsEmulators;
  beforeAll(async () => {
    aws = await startAwsEmulators();
  });
  afterAll(() => aws?.close());

  it('makes a call for 25 of one moment, and one each for one or two', async () => {
    const put = createPutGather(aws.dynamo, aws.options.tableName);
    const calls = async (count: number) => {
      aws.calls.length = 0;
      await Promise.all(keys(count).map(put));
      return aws.calls.map((call) => call.replace('dynamodb.', ''));
    };
    expect(await calls(1)).toEqual(['PutItem']);
    expect(await calls(2)).toEqual(['PutItem', 'PutItem']);
    expect(await calls(25)).toEqual(['BatchWriteItem']);
    expect(await calls(100)).toEqual(Array(4).fill('BatchWriteItem'));
    expect((await aws.table.getMany(keys(100).map(({ key }) => key.S))).every(Boolean)).toBe(true);
  });

  it('rejects the items of a call that failed, and no others', async () => {
    const put = createPutGather(aws.dynamo, aws.options.tableName);
    const effect = { kind: 'error', status: 500, code: 'InternalServerError', message: 'down' } as const;
    const fault = aws.faults.add({ service: 'dynamodb', action: 'BatchWriteItem', when: 'before', effect, times: 1 });
    const outcomes = await Promise.allSettled(keys(50).map(put));
    fault.remove();
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed).toHaveLength(25);
    expect(failed[0]).toMatchObject({ reason: { status: 503, retryable: true } });
  });

  it('writes unprocessed items again, and rejects when they stay so', async () => {
    const client = new DynamoDBClient({ region: 'us-east-1' });
    const dynamo = mockClient(client);
    const [item = { key: { S: '' } }] = keys(1);
    const unprocessed = { UnprocessedItems: { t: [{ PutRequest: { Item: item } }] } };
    dynamo.on(BatchWriteItemCommand).resolvesOnce(unprocessed).resolvesOnce({}).resolves(unprocessed);
    const waits: number[] = [];
    const put = createPutGather(client, 't', async (ms) => void waits.push(ms));
    await Promise.all(keys(3).map(put));
    expect(dynamo.commandCalls(BatchWriteItemCommand)[1]?.args[0].input.RequestItems?.t).toHaveLength(1);
    await expect(Promise.all(keys(3).map(put))).rejects.toMatchObject({ status: 503, retryable: true });
    expect(waits).toHaveLength(1 + 7);
    expect(dynamo.commandCalls(PutItemCommand)).toEqual([]);
  });
});
