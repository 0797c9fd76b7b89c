import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { API_KEY_PARTITION, apiKeyKey } from '../../functions/core/access/api-key.ts';
import { bodyKey } from '../../functions/core/email/body.ts';
import { recordKey } from '../../functions/core/email/record.ts';
import { functionCredentials } from '../../lib/local/cloud/lambda/credentials.ts';
import { running } from './running.ts';

/** That the permissions are enough, and each is needed: `npm run test:permissions`. */
describe('permissions that a role does not have', () => {
  const sendoff = running();

  /** The table with the permissions of a function. */
  const as = (functionName: string) => {
    const { awsEndpoint: endpoint, region, functions, outputs } = sendoff.cloud;
    const logicalId = [...functions.keys()].find((id) => id.includes(functionName)) ?? '';
    const client = new DynamoDBClient({ endpoint, region, credentials: functionCredentials(logicalId) });
    return createDynamoTable(client, outputs.TableName ?? '');
  };
  const denied = { name: 'AccessDeniedException' };

  it.each(['SendFunction', 'ScheduleFunction', 'FeedbackFunction', 'WebhookFunction'])(
    'the %s reads, writes, changes and lists no API key, by itself or among other documents',
    async (functionName) => {
      const table = as(functionName);
      const [key, email] = [apiKeyKey('1'), recordKey('1')];
      await expect(table.get(key)).rejects.toMatchObject(denied);
      await expect(table.getMany([email, key])).rejects.toMatchObject(denied);
      await expect(table.insert({ key, fields: {} })).rejects.toMatchObject(denied);
      await expect(table.update(key, { set: { name: 'x' } })).rejects.toMatchObject(denied);
      await expect(table.delete(key)).rejects.toMatchObject(denied);
      const page = { index: 'list', limit: 1, order: 'ascending' } as const;
      await expect(table.query({ ...page, partition: API_KEY_PARTITION })).rejects.toMatchObject(denied);
    },
  );

  it('the send function reads bodies and updates records, inserts no body and deletes no record', async () => {
    const table = as('SendFunction');
    expect(await table.get(bodyKey('1', 'f'))).toBeUndefined();
    expect(await table.update(recordKey('1'), { set: { status: 'sent' } })).toMatchObject({ applied: false });
    await expect(table.insert({ key: bodyKey('1', 'f'), fields: {} })).rejects.toMatchObject(denied);
    await expect(table.delete(recordKey('1'))).rejects.toMatchObject(denied);
  });
});
