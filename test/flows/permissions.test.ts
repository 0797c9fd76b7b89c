import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { API_KEY_PARTITION, apiKeyKey } from '../../functions/core/access/api-key.ts';
import { bodyKey } from '../../functions/core/email/body.ts';
import { recordKey } from '../../functions/core/email/record.ts';
import { functionCredentials } from '../../lib/local/cloud/lambda/credentials.ts';
import { hasRedis } from '../helpers/redis-database.ts';
import { PROVING_TASKS } from '../permissions/own-tasks.ts';
import { walkThrough } from '../permissions/scenario.ts';
import { running } from './running.ts';

/** Grants whose use the local cloud cannot see, with the reason for each. */
const unseen: Readonly<Record<string, string>> = {
  'xray:puttracesegments': "Lambda's own daemon sends the traces; there is none on a laptop",
  'xray:puttelemetryrecords': 'the same',
};

const variants: Readonly<Record<string, string>>[] = [
  { tracking: 'true', tasks: PROVING_TASKS },
  { xray: 'true', tracking: 'true' },
];
if (hasRedis)
  variants.push({ backend: 'redis', tasks: PROVING_TASKS }, { backend: 'redis', redisParameter: '/sendoff/upstash' });

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

// At the same time: each waits most of the time.
describe.concurrent.each(variants)('the permissions of the roles, with %j', (config) => {
  const sendoff = running({ config });

  it('are enough for everything that the service does, and none is unused', async () => {
    await walkThrough(sendoff);
    expect(sendoff.events.filter(({ kind }) => kind === 'denied')).toEqual([]);
    const unused = sendoff.cloud.unusedGrants();
    expect(unused.filter(({ action }) => !(action in unseen))).toEqual([]);
    if (!('xray' in config)) expect(unused).toEqual([]);
  }, 240_000);
});
