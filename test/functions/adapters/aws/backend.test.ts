import { describe, expect, it, vi } from 'vitest';
import { submitInParallel, updateThenSend } from '../../../../functions/adapters/aws/backend.ts';
import { backendFromEnvironment } from '../../../../functions/runtime/backend.ts';
import { audienceContract } from '../../../contracts/audience.ts';
import { backendContract } from '../../../contracts/backend.ts';
import { bodiesContract } from '../../../contracts/bodies.ts';
import { brokerContract } from '../../../contracts/broker.ts';
import { rateLimitContract } from '../../../contracts/rate-limit.ts';
import { runsContract } from '../../../contracts/runs.ts';
import { tableContract } from '../../../contracts/table.ts';
import { webhookListContract } from '../../../contracts/webhook-registry.ts';
import { startAwsEmulators } from '../../../helpers/aws-emulators.ts';

const outage = { kind: 'error', status: 503, code: 'ServiceUnavailable', message: 'down' } as const;

tableContract('DynamoDB', startAwsEmulators);
webhookListContract('DynamoDB', startAwsEmulators);
audienceContract('DynamoDB', startAwsEmulators);
rateLimitContract('DynamoDB', startAwsEmulators);
bodiesContract('DynamoDB with S3', startAwsEmulators);

brokerContract('SQS', async () => {
  const { broker, receive, faults, close } = await startAwsEmulators();
  const setDown = (down: boolean) => {
    faults.clear();
    if (down) faults.add({ service: 'sqs', action: '*', when: 'before', effect: outage });
  };
  return { broker, receive, setDown, close };
});

backendContract('SQS with DynamoDB', async () => {
  const { table, bodies, broker, receive, faults, close } = await startAwsEmulators();
  const parts = { table, bodies, broker };
  const writes = {
    table: { service: 'dynamodb', action: 'PutItem', match: (body: string) => body.includes('"email#') },
    bodies: { service: 'dynamodb', action: 'PutItem', match: (body: string) => body.includes('"body#') },
    broker: { service: 'sqs', action: 'SendMessageBatch' },
  };
  return {
    backend: {
      ...parts,
      delayHorizonMs: 840_000,
      submit: (submissions) => submitInParallel(parts, submissions),
      updateAndSend: updateThenSend(parts),
    },
    receive,
    failNext: (part) => void faults.add({ ...writes[part], when: 'before', times: 1, effect: outage }),
    close,
  };
});

runsContract('SQS with DynamoDB', async () => {
  const { table, bodies, broker, receive, close } = await startAwsEmulators();
  const parts = { table, bodies, broker };
  const submit = (submissions: Parameters<typeof submitInParallel>[1]) => submitInParallel(parts, submissions);
  return {
    backend: { ...parts, delayHorizonMs: 840_000, submit, updateAndSend: updateThenSend(parts) },
    receive,
    close,
  };
});

describe('the backend as the environment names it', () => {
  it('stores and queues in the given table and queues, in one round trip', async () => {
    const aws = await startAwsEmulators();
    const { tableName, bodyBucket, queueUrls } = aws.options;
    const names = { TABLE_NAME: tableName, BODY_BUCKET: bodyBucket };
    const urls = {
      TRANSACTIONAL_QUEUE_URL: queueUrls.transactional,
      BULK_QUEUE_URL: queueUrls.bulk,
      WEBHOOK_QUEUE_URL: queueUrls.webhook,
      WEBHOOK_SLOW_QUEUE_URL: queueUrls['webhook-slow'],
    };
    for (const [name, value] of Object.entries({ ...names, ...urls })) vi.stubEnv(name, value);
    const backend = backendFromEnvironment();
    vi.unstubAllEnvs();
    const job = { task: 't', args: {}, attempt: 1 };
    const submission = {
      record: { key: 'email#1', fields: { id: '1' }, expiresAtMs: Date.now() + 1_000_000 },
      body: { key: 'body#1', bytes: Buffer.alloc(400 * 1024, 'x') },
      job: { queue: 'bulk' as const, job },
      repeatable: false,
    };
    aws.calls.length = 0;
    expect(await backend.submit([submission])).toMatchObject([{ applied: true }]);
    expect(aws.calls.toSorted()).toEqual([
      'dynamodb.PutItem',
      'dynamodb.PutItem',
      's3.PutObject',
      'sqs.SendMessageBatch',
    ]);
    expect(await aws.table.get('email#1')).toEqual({ id: '1' });
    expect(await aws.bodies.get('body#1')).toHaveLength(400 * 1024);
    expect((await aws.receive('bulk')).map(({ body }) => JSON.parse(body))).toEqual([job]);
    expect(backend.delayHorizonMs).toBeLessThan(900_000);
    await aws.close();
  });
});
