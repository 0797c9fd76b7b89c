import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoScan } from '../../../../../functions/adapters/aws/dynamodb/scan.ts';
import { scanContract } from '../../../../contracts/scan.ts';
import { type AwsEmulators, startAwsEmulators } from '../../../../helpers/aws-emulators.ts';

scanContract('DynamoDB', async () => {
  const aws = await startAwsEmulators();
  const { dynamo, table, bodies, close } = aws;
  const TableName = aws.options.tableName;
  return {
    scan: createDynamoScan(dynamo, TableName),
    table,
    bodies,
    // JavaScript cannot represent this number.
    storeDamaged: async (key, text) => {
      const Item = { key: { S: key }, text: { S: text }, size: { N: '99999999999999999999.5' } };
      await dynamo.send(new PutItemCommand({ TableName, Item }));
    },
    close,
  };
});

describe('the scan of a DynamoDB table', () => {
  let aws: AwsEmulators;
  beforeAll(async () => {
    aws = await startAwsEmulators();
  });
  afterAll(() => aws?.close());

  it('does not delete a document that replaced an expired one', async () => {
    const scan = createDynamoScan(aws.dynamo, aws.options.tableName);
    await aws.table.insert({ key: 'email#one', fields: { a: 1 }, expiresAtMs: Date.now() - 5_000 });
    await aws.table.insert({ key: 'email#one', fields: { a: 2 }, expiresAtMs: Date.now() + 60_000 });
    await scan.delete({ key: 'email#one', expired: true });
    expect(await aws.table.get('email#one')).toEqual({ a: 2 });
  });

  it('reads no content of bodies', async () => {
    await aws.bodies.put('body#one#f', Buffer.from('secret'), Date.now() + 60_000);
    const pages = [];
    for (const kind of ['emails', 'bodies', 'others'] as const)
      for await (const page of createDynamoScan(aws.dynamo, aws.options.tableName).pages(kind)) pages.push(...page);
    expect(pages.find(({ key }) => key === 'body#one#f')).toEqual({ key: 'body#one#f', expired: false });
    expect(pages.filter(({ fields }) => fields && 'bytes' in fields)).toEqual([]);
  });
});
