import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { failedMessageIds } from '../../../../../lib/local/cloud/lambda/event-source.ts';
import type { Overrides } from '../../../../../lib/local/cloud/options.ts';
import type { TemplateResource } from '../../../../../lib/local/cloud/template.ts';
import {
  clientOptions,
  functionResources,
  queueTrigger,
  startTestCloud,
  type TestCloud,
  temporaryFolder,
} from '../fixtures/stack.ts';

/** Logs each batch; fails messages as their bodies tell. */
const source = `
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  const bodies = event.Records.map(({ body }) => body);
  if (bodies.includes('throw')) throw new Error('asked for');
  const sleep = bodies.find((body) => body.startsWith('sleep'));
  if (sleep) await new Promise((resolve) => setTimeout(resolve, Number(sleep.slice(6))));
  if (bodies.includes('malformed')) return { batchItemFailures: [{ itemIdentifier: '' }] };
  const failed = event.Records.filter(({ body }) => body.startsWith('fail'));
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

type SqsRecord = { messageId: string; body: string; attributes: { ApproximateReceiveCount: string } };

type Properties = Record<string, unknown>;

async function startWorker(
  options: { queue?: Properties; mapping?: Properties; overrides?: Overrides; lambdaConcurrency?: number } = {},
) {
  const assetDirectory = temporaryFolder();
  const cloud = await startTestCloud(
    {
      Resources: {
        DeadLetters: { Type: 'AWS::SQS::Queue' },
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            VisibilityTimeout: 30,
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] }, maxReceiveCount: 3 },
            ...options.queue,
          },
        },
        ...functionResources(assetDirectory, 'Worker', { source }),
        ...queueTrigger('Worker', 'Queue', options.mapping),
      },
    },
    {
      assetDirectory,
      overrides: options.overrides ?? { visibilityTimeoutSeconds: 1.5 },
      ...(options.lambdaConcurrency ? { lambdaConcurrency: options.lambdaConcurrency } : {}),
    },
  );
  // Warms the function up: a cold start on a busy machine can take longer than the visibility timeout.
  await cloud.function('Worker').invoke({ Records: [] });
  const sqs = new SQSClient(clientOptions(cloud));
  const QueueUrl = cloud.resource('Queue').ref;
  return {
    cloud,
    sqs,
    QueueUrl,
    send: (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    sendBatch: (bodies: string[]) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: bodies.map((MessageBody, index) => ({ Id: `m${index}`, MessageBody })),
        }),
      ),
    deadLetters: async () => {
      const received = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: cloud.resource('DeadLetters').ref, MaxNumberOfMessages: 10 }),
      );
      return (received.Messages ?? []).map(({ Body }) => Body);
    },
  };
}

const batches = (cloud: TestCloud): SqsRecord[][] =>
  cloud.events
    .flatMap((event) => (event.kind === 'output' && event.line.startsWith('{') ? [JSON.parse(event.line).Records] : []))
    .filter((records) => records.length > 0);

describe('a queue that triggers a function', () => {
  it('hands over records as AWS does', async () => {
    const { cloud, sqs, QueueUrl } = await startWorker();
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'test' },
      raw: { DataType: 'Binary', BinaryValue: Buffer.from('b') },
    };
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello', MessageAttributes }));
    await cloud.idle();
    await cloud.waitFor('output', (event) => event.line.includes('messageId'));
    expect(batches(cloud)).toEqual([
      [
        {
          messageId: sent.MessageId,
          receiptHandle: expect.any(String),
          body: 'hello',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: expect.any(String),
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            kind: { stringValue: 'test', stringListValues: [], binaryListValues: [], dataType: 'String' },
            raw: { binaryValue: 'Yg==', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
          },
          md5OfBody: sent.MD5OfMessageBody,
          md5OfMessageAttributes: sent.MD5OfMessageAttributes,
          eventSource: 'aws:sqs',
          eventSourceARN: cloud.resource('Queue').attributes.Arn,
          awsRegion: 'us-east-1',
        },
      ],
    ]);
  });

  it('deletes messages that succeed, returns those that fail, and moves them to the dead-letter queue at the end', async () => {
    const { cloud, sendBatch, deadLetters } = await startWorker();
    await sendBatch(['ok', 'fail']);
    await cloud.idle();
    expect(await deadLetters()).toEqual(['fail']);
    const records = batches(cloud).flat();
    expect(records.filter(({ body }) => body === 'ok')).toHaveLength(1);
    expect(
      records.filter(({ body }) => body === 'fail').map(({ attributes }) => attributes.ApproximateReceiveCount),
    ).toEqual(['1', '2', '3']);
  });

  it.each(['throw', 'malformed'])('returns the whole batch when the function answers %s', async (body) => {
    const { cloud, sendBatch, deadLetters } = await startWorker();
    await sendBatch(['ok', body]);
    await cloud.idle();
    expect((await deadLetters()).sort()).toEqual(['ok', body].sort());
  });

  it('returns the batch of a killed instance, and another instance processes it', async () => {
    const { cloud, send, deadLetters } = await startWorker();
    await send('sleep 150');
    await cloud.waitFor('output', (event) => event.line.includes('sleep 150'));
    cloud.function('Worker').kill();
    await cloud.idle();
    expect(
      batches(cloud)
        .flat()
        .map(({ attributes }) => attributes.ApproximateReceiveCount),
    ).toEqual(['1', '2']);
    expect(await deadLetters()).toEqual([]);
  });

  it('never runs more batches at once than the mapping allows, nor larger ones', async () => {
    const { cloud, sendBatch } = await startWorker({
      mapping: { BatchSize: 2, ScalingConfig: { MaximumConcurrency: 2 } },
    });
    await sendBatch(Array.from({ length: 10 }, () => 'sleep 20'));
    await cloud.idle();
    expect(cloud.function('Worker').stats().coldStarts).toBeLessThanOrEqual(2);
    expect(Math.max(...batches(cloud).map((records) => records.length))).toBe(2);
  });

  it('collects a batch for as long as its window, above ten messages too', async () => {
    const { cloud, sendBatch } = await startWorker({ mapping: { BatchSize: 12, MaximumBatchingWindowInSeconds: 5 } });
    await sendBatch(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    await sendBatch(['11', '12']);
    await cloud.idle();
    await cloud.waitFor('output', (event) => event.line.includes('messageId'));
    expect(batches(cloud).map((records) => records.length)).toEqual([12]);
  });

  it('receives nothing when it is not enabled', async () => {
    const { cloud, send, sqs, QueueUrl } = await startWorker({ mapping: { Enabled: false } });
    await send('stays');
    await cloud.idle();
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '1' });
  });

  it('says in the log that the visibility time-out is not the template’s', async () => {
    const { cloud } = await startWorker();
    expect(await cloud.waitFor('override')).toMatchObject({
      property: 'VisibilityTimeout',
      template: '30',
      local: '1.5',
    });
  });

  it('has another window if one is given, unless the template has none', async () => {
    const options = { overrides: { batchingWindowSeconds: 0.1 } };
    const { cloud, send } = await startWorker({ mapping: { MaximumBatchingWindowInSeconds: 300 }, ...options });
    await send('soon');
    await cloud.idle();
    const property = 'MaximumBatchingWindowInSeconds';
    expect(await cloud.waitFor('override')).toMatchObject({ property, template: '300', local: '0.1' });
    const without = await startWorker(options);
    expect(without.cloud.events.filter(({ kind }) => kind === 'override')).toEqual([]);
  });

  it('polls through the same counters and faults as every call', async () => {
    const { cloud, send } = await startWorker();
    const effect = { kind: 'error', status: 503, code: 'ServiceUnavailable', message: 'no' } as const;
    const fault = cloud.faults.add({
      service: 'sqs',
      action: 'DeleteMessageBatch',
      functionName: 'Worker',
      when: 'before',
      times: 1,
      effect,
    });
    await send('twice');
    await fault.triggered;
    await cloud.idle();
    expect(batches(cloud)).toHaveLength(2);
    expect(cloud.calls.total({ functionName: 'Worker', action: 'DeleteMessageBatch' })).toBe(2);
  });

  it('waits with its batch while the account has no execution free, and receives nothing twice', async () => {
    const { cloud, send } = await startWorker({ lambdaConcurrency: 1, overrides: {} });
    const elsewhere = cloud.function('Worker').invoke({ Records: [{ body: 'sleep 400' }] });
    await send('patient');
    await elsewhere;
    await cloud.idle();
    const records = batches(cloud).flat();
    expect(records.filter(({ body }) => body === 'patient')).toMatchObject([
      { attributes: { ApproximateReceiveCount: '1' } },
    ]);
  });

  it('is refused when the role may not read the queue', async () => {
    const assetDirectory = temporaryFolder();
    const Resources: Record<string, TemplateResource> = {
      Queue: { Type: 'AWS::SQS::Queue' },
      ...functionResources(assetDirectory, 'Worker', { source }),
      ...queueTrigger('Worker', 'Queue'),
    };
    delete Resources.WorkerQueuePolicy;
    delete Resources.WorkerSource?.DependsOn;
    await expect(startTestCloud({ Resources }, { assetDirectory })).rejects.toThrow(
      'does not have permissions to call sqs:ReceiveMessage',
    );
  });
});

describe('the answer of a function to its batch', () => {
  it.each<[unknown, string[] | 'all']>([
    [null, []],
    [{}, []],
    [{ batchItemFailures: [] }, []],
    [{ batchItemFailures: null }, []],
    [{ batchItemFailures: [{ itemIdentifier: 'a' }] }, ['a']],
    [{ batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: '' }] }, 'all'],
    [{ batchItemFailures: [{ itemIdentifier: null }] }, 'all'],
    [{ batchItemFailures: [{ id: 'a' }] }, 'all'],
    [{ batchItemFailures: [null] }, 'all'],
    [{ batchItemFailures: 'a' }, 'all'],
    ['text', 'all'],
  ])('%j', (answer, expected) => {
    const failed = failedMessageIds({ payload: JSON.stringify(answer) }, true);
    expect(failed === 'all' ? failed : [...failed]).toEqual(expected);
  });

  it('is ignored when the mapping does not report failures', () => {
    const payload = JSON.stringify({ batchItemFailures: [{ itemIdentifier: 'a' }] });
    expect(failedMessageIds({ payload }, false)).toEqual(new Set());
  });

  it('is ignored when the function failed or was throttled', () => {
    expect(failedMessageIds({ payload: '{}', error: { errorType: 'Error', errorMessage: '' } }, false)).toBe('all');
    expect(failedMessageIds({ payload: '', throttled: true }, true)).toBe('all');
  });
});
