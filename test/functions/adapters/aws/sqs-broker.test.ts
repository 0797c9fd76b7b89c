import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createSqsBroker } from '../../../../functions/adapters/aws/sqs-broker.ts';
import type { Job, OutgoingJob } from '../../../../functions/core/ports/broker.ts';

const nowMs = 1_800_000_000_000;
const queueUrls = {
  transactional: 'https://sqs/transactional',
  bulk: 'https://sqs/bulk',
  webhook: 'https://sqs/webhook',
  'webhook-slow': 'https://sqs/webhook-slow',
};

const setUp = () => {
  const client = new SQSClient({ region: 'us-east-1' });
  const sqs = mockClient(client);
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [] });
  const batches = () => sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input);
  return { sqs, batches, broker: createSqsBroker(client, queueUrls, () => nowMs) };
};
const job = (fields: Partial<Job> = {}): OutgoingJob => ({
  queue: 'transactional',
  job: { task: 't', args: { id: '1' }, attempt: 1, ...fields },
});
const failed = (...ids: string[]) => ({ Failed: ids.map((Id) => ({ Id, Code: 'InternalError', SenderFault: false })) });

describe('the broker on SQS', () => {
  it('sends ten jobs with each call, to each queue separately', async () => {
    const { broker, batches } = setUp();
    await broker.send([...Array.from({ length: 21 }, () => job()), { ...job(), queue: 'bulk' }]);
    expect(batches().map(({ QueueUrl, Entries = [] }) => [QueueUrl, Entries.length])).toEqual([
      ['https://sqs/transactional', 10],
      ['https://sqs/transactional', 10],
      ['https://sqs/transactional', 1],
      ['https://sqs/bulk', 1],
    ]);
    for (const { Entries = [] } of batches()) expect(new Set(Entries.map(({ Id }) => Id)).size).toBe(Entries.length);
  });

  it('sends no more than 1 MiB with each call', async () => {
    const { broker, batches } = setUp();
    await broker.send([200, 300, 400, 500, 100, 1, 1].map((kib) => job({ args: { text: 'ü'.repeat(kib * 512) } })));
    expect(batches().map(({ Entries = [] }) => Entries.length)).toEqual([3, 4]);
  });

  it('names the group of each job, which makes a standard queue fair', async () => {
    const { broker, batches } = setUp();
    await broker.send([job({ group: '1a2b3c4d' }), job()]);
    expect(batches()[0]?.Entries?.map(({ MessageGroupId }) => MessageGroupId)).toEqual(['1a2b3c4d', undefined]);
  });

  it('makes no call for no jobs', async () => {
    const { broker, batches } = setUp();
    await broker.send([]);
    expect(batches()).toEqual([]);
  });

  it.each([
    [undefined, undefined],
    [nowMs - 5_000, undefined],
    [nowMs, undefined],
    [nowMs + 60_000, 60],
    [nowMs + 900_000, 900],
    [nowMs + 900_001, 900],
    [nowMs + 30 * 86_400_000, 900],
  ])('delays a job due at %s by %s seconds: SQS takes 900 at most', async (dueAtMs, seconds) => {
    const { broker, batches } = setUp();
    await broker.send([job(dueAtMs === undefined ? {} : { dueAtMs })]);
    expect(batches()[0]?.Entries?.[0]?.DelaySeconds).toBe(seconds);
  });

  it('delays by whole seconds, rounded up', async () => {
    for (const aheadMs of [1, 400, 999, 1_001, 59_500]) {
      const { broker, batches } = setUp();
      await broker.send([job({ dueAtMs: nowMs + aheadMs })]);
      const seconds = batches()[0]?.Entries?.[0]?.DelaySeconds ?? 0;
      expect(Number.isInteger(seconds)).toBe(true);
      expect(Math.abs(seconds * 1_000 - aheadMs)).toBeLessThan(1_000);
    }
  });

  it('repeats only the failed jobs of a batch', async () => {
    const { sqs, broker, batches } = setUp();
    sqs.on(SendMessageBatchCommand).resolvesOnce(failed('1', '3')).resolvesOnce(failed('3')).resolves({ Failed: [] });
    await broker.send(Array.from({ length: 4 }, (_, id) => job({ args: { id } })));
    expect(batches().map(({ Entries = [] }) => Entries.map(({ Id }) => Id))).toEqual([
      ['0', '1', '2', '3'],
      ['1', '3'],
      ['3'],
    ]);
  });

  it('rejects after three tries, and says how many are not durable', async () => {
    const { sqs, broker, batches } = setUp();
    sqs.on(SendMessageBatchCommand).resolves(failed('1'));
    const sending = broker.send([job(), job(), job()]);
    await expect(sending).rejects.toMatchObject({
      status: 503,
      retryable: true,
      message: 'SQS did not take 1 of 3 jobs',
    });
    expect(batches()).toHaveLength(3);
  });

  it('passes on errors that are not transient', async () => {
    const { sqs, broker } = setUp();
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    sqs.on(SendMessageBatchCommand).rejects(denied);
    await expect(broker.send([job()])).rejects.toBe(denied);
  });

  it('escapes only characters that SQS refuses in a message', async () => {
    const { broker, batches } = setUp();
    const text = 'é\u0000\ufffe\uffff👋\ud800';
    await broker.send([job({ args: { text } })]);
    const body = batches()[0]?.Entries?.[0]?.MessageBody ?? '';
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    expect(body).toMatch(/^[ -\ud7ff\ue000-\ufffd]*$/);
    expect(body).toContain('é');
    expect(JSON.parse(body).args).toEqual({ text });
  });
});
