import {
  CreateQueueCommand,
  DeleteMessageCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createSqsInspection } from '../../../../functions/adapters/aws/inspection.ts';
import { recordKey } from '../../../../functions/core/email/record.ts';
import type { QueueName } from '../../../../functions/core/queues.ts';
import { inspectionContract } from '../../../contracts/inspection.ts';
import { startAwsEmulators } from '../../../helpers/aws-emulators.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const arnOf = (url: string) => `arn:aws:sqs:us-east-1:000000000000:${url.split('/').at(-1)}`;
const outage = { kind: 'error', status: 503, code: 'ServiceUnavailable', message: 'down' } as const;

inspectionContract('SQS', async () => {
  const { sqs, endpoint, options, broker, table, faults, close } = await startAwsEmulators();
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
  const deadUrl = new URL(new URL(QueueUrl).pathname, endpoint).href;
  const queueUrls = { ...options.queueUrls, 'dead letters': deadUrl };
  // Those of a deployment without tasks of its own.
  const { tasks, 'tasks-bulk': tasksBulk, ...inspected } = queueUrls;
  const sources = new Map<string, string>();
  const client = clientWithSources(endpoint, sources);
  return {
    open: () => createSqsInspection({ client, queueUrls: inspected, table, waitSeconds: 0 }),
    broker,
    table,
    take: async (queue) => {
      const command = new ReceiveMessageCommand({ QueueUrl: queueUrls[queue], VisibilityTimeout: 60 });
      expect((await sqs.send(command)).Messages).toHaveLength(1);
    },
    bury: async (MessageBody, queue) => {
      const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl: deadUrl, MessageBody }));
      if (queue) sources.set(MessageId, arnOf(queueUrls[queue]));
    },
    waiting: (queue) => takeAll(sqs, queueUrls[queue]),
    setDown: (down) => {
      faults.clear();
      if (down) faults.add({ service: 'sqs', action: '*', when: 'before', effect: outage });
    },
    clear: async () => {
      for (const url of Object.values(queueUrls)) await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    },
    close: async () => {
      client.destroy();
      await close();
    },
  };
});

/** A client whose messages name the queue they came from, which SQS says and fauxqs does not. */
function clientWithSources(endpoint: string, sources: ReadonlyMap<string, string>): SQSClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Messages = [] } = result.output as { Messages?: { MessageId?: string; Attributes?: object }[] };
      for (const message of Messages) {
        const DeadLetterQueueSourceArn = sources.get(message.MessageId ?? '');
        if (DeadLetterQueueSourceArn) message.Attributes = { ...message.Attributes, DeadLetterQueueSourceArn };
      }
      return result;
    },
    { step: 'initialize' },
  );
  return client;
}

async function takeAll(sqs: SQSClient, QueueUrl: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of Messages) {
      bodies.push(Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

describe('the dead letters of SQS', () => {
  const queueUrls = {
    transactional: 'https://sqs/1/Transactional',
    bulk: 'https://sqs/1/Bulk',
    'dead letters': 'https://sqs/1/Dead',
  };
  const job = '{"task":"email.send","args":{"id":"1"},"attempt":1}';

  /** An inspection of a queue with one message. */
  const withMessage = (message: object, urls: { 'dead letters': string } = queueUrls) => {
    const client = new SQSClient({ region: 'us-east-1' });
    const sqs = mockClient(client);
    const received = { MessageId: 'm', ReceiptHandle: 'r', Body: job, Attributes: {}, ...message };
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: [received] })
      .resolves({ Messages: [] });
    const { table } = createMemoryBackend();
    const { deadLetters } = createSqsInspection({ client, queueUrls: urls, table });
    const first = async () => (await deadLetters.pages().next()).value?.[0];
    const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);
    return { sqs, table, first, sent };
  };

  it('without a known origin go to the queue of their email', async () => {
    for (const queue of ['bulk', 'transactional'] as const satisfies QueueName[]) {
      const { table, first, sent } = withMessage({});
      await table.insert({ key: recordKey('1'), fields: { queue } });
      expect(await (await first())?.redrive()).toBe(true);
      expect(sent()).toMatchObject([{ QueueUrl: queueUrls[queue], MessageBody: job }]);
    }
  });

  it('without a known origin stay where no email travels on SQS', async () => {
    const { first, sent } = withMessage({}, { 'dead letters': queueUrls['dead letters'] });
    expect(await (await first())?.redrive()).toBe(false);
    expect(sent()).toEqual([]);
  });

  it('of a queue that is not of this deployment are named by its physical name', async () => {
    const DeadLetterQueueSourceArn = 'arn:aws:sqs:us-east-1:1:Another';
    const { first } = withMessage({ Body: '{"no job', Attributes: { DeadLetterQueueSourceArn } });
    const letter = await first();
    expect(letter?.sourceQueue).toBe('Another');
    expect(await letter?.redrive()).toBe(false);
  });

  it('keep their message attributes, and are deleted only after they were sent', async () => {
    const MessageAttributes = { trace: { DataType: 'String', StringValue: 't' } };
    const { sqs, first, sent } = withMessage({ MessageAttributes });
    const letter = await first();
    sqs.on(SendMessageCommand).rejectsOnce(new Error('killed'));
    await expect(letter?.redrive()).rejects.toThrow('killed');
    expect(sqs.commandCalls(DeleteMessageCommand)).toEqual([]);
    expect(await letter?.redrive()).toBe(true);
    expect(sent().at(-1)).toMatchObject({ MessageAttributes });
    expect(sqs.commandCalls(DeleteMessageCommand)).toHaveLength(1);
  });
});
