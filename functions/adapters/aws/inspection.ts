import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  type MessageSystemAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type EmailRecord, recordKey } from '../../core/email/record.ts';
import { inspectedQueues } from '../../core/inspection/inspected-queues.ts';
import { readJob } from '../../core/inspection/read-job.ts';
import type {
  DeadLetters,
  HeldDeadLetter,
  InspectedQueue,
  Inspection,
  QueueDepth,
} from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import { awsCall } from './errors.ts';
import { queueDepth } from './sqs-depth.ts';

export interface SqsInspectionOptions {
  readonly client: SQSClient;
  /** The queues that the deployment has; with backend=redis those of the feedback alone. */
  readonly queueUrls: Readonly<Partial<Record<InspectedQueue, string>> & Record<'dead letters', string>>;
  /** Where the records of emails are: they tell the queue of a job whose origin SQS does not know. */
  readonly table: Table;
  /** Long polling asks all of SQS's servers, so that an empty answer means an empty queue. 0 where there is one server. */
  readonly waitSeconds?: number;
}

/** How long a message that was read is hidden. Questions to a person are asked before reading, so that this is enough. */
const HIDDEN_SECONDS = 60;
const BATCH = 10;

/** The inspection port on SQS: all queues of a deployment share one dead-letter queue. */
export function createSqsInspection(options: SqsInspectionOptions): Inspection {
  const { client, queueUrls } = options;
  return {
    depths: () => {
      const known = inspectedQueues.flatMap((queue) => {
        const url = queueUrls[queue];
        return url ? [{ queue, url }] : [];
      });
      return Promise.all(known.map(({ queue, url }) => depth(client, queue, url)));
    },
    deadLetters: createSqsDeadLetters(options),
  };
}

async function depth(client: SQSClient, queue: InspectedQueue, queueUrl: string): Promise<QueueDepth> {
  return { queue, ...(await queueDepth(client, queueUrl)) };
}

function createSqsDeadLetters(options: SqsInspectionOptions): DeadLetters {
  const { client, queueUrls } = options;
  const QueueUrl = queueUrls['dead letters'];
  const deadLetters: DeadLetters = {
    count: async () => (await depth(client, 'dead letters', QueueUrl)).waiting,

    async *pages() {
      const seen = new Set<string>();
      /** Receipt handles of what is still in the queue, by message id. */
      const held = new Map<string, string>();
      try {
        for (;;) {
          const messages = await receive(options);
          const fresh = messages.filter(({ MessageId = '' }) => !seen.has(MessageId));
          // Nothing new: the end, or a queue so long that the first ones come again.
          if (fresh.length === 0) return;
          for (const { MessageId = '', ReceiptHandle = '' } of fresh) {
            seen.add(MessageId);
            held.set(MessageId, ReceiptHandle);
          }
          yield fresh.map((message) => letterOf(message, options, () => held.delete(message.MessageId ?? '')));
        }
      } finally {
        // A message that someone else deleted needs no release; any other is visible again after a minute.
        await Promise.allSettled(
          [...held.values()].map((ReceiptHandle) =>
            client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })),
          ),
        );
      }
    },

    // SQS has no way to a message but receiving all that come before it.
    async find(id, signal) {
      if (signal?.aborted) return undefined;
      for await (const page of deadLetters.pages()) {
        const found = page.find((letter) => letter.id === id);
        if (found || signal?.aborted) return found;
      }
      return undefined;
    },
  };
  return deadLetters;
}

async function receive({ client, queueUrls, waitSeconds = 1 }: SqsInspectionOptions): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrls['dead letters'],
    MaxNumberOfMessages: BATCH,
    VisibilityTimeout: HIDDEN_SECONDS,
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['All' satisfies MessageSystemAttributeName],
    MessageAttributeNames: ['All'],
  });
  return (await awsCall('SQS', () => client.send(command))).Messages ?? [];
}

/** A message as a dead letter; `gone` is called when it is out of the queue. */
function letterOf(message: Message, options: SqsInspectionOptions, gone: () => void): HeldDeadLetter {
  const { client, queueUrls } = options;
  const { MessageId = '', ReceiptHandle, Body = '', Attributes = {}, MessageAttributes } = message;
  const read = readJob(Body);
  const source = sourceOf(queueUrls, Attributes.DeadLetterQueueSourceArn);
  const deleteMessage = async () => {
    const command = new DeleteMessageCommand({ QueueUrl: queueUrls['dead letters'], ReceiptHandle });
    await awsCall('SQS', () => client.send(command));
    gone();
  };
  return {
    id: MessageId,
    body: Body,
    ...read,
    queuedAtMs: Number(Attributes.SentTimestamp ?? 0),
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 0),
    sourceQueue: source?.name,
    // First send, then delete: after a crash in between the job runs twice, and the claim lets only one of the two do anything.
    // (SQS's own redrive needs another permission, and the local cloud does not have it.)
    async redrive() {
      const url = source?.url ?? (read.job && (await queueOfEmail(options, read.emailId)));
      if (!url) return false;
      const { MessageGroupId } = Attributes;
      const command = new SendMessageCommand({ QueueUrl: url, MessageBody: Body, MessageAttributes, MessageGroupId });
      await awsCall('SQS', () => client.send(command));
      await deleteMessage();
      return true;
    },
    delete: deleteMessage,
  };
}

/** The queue that SQS moved the message from; undefined for a message that was sent straight to the dead letters. */
function sourceOf(
  queueUrls: SqsInspectionOptions['queueUrls'],
  arn: string | undefined,
): { name: string; url?: string } | undefined {
  const physicalName = arn?.split(':').at(-1);
  if (!physicalName) return undefined;
  const [name, url] = Object.entries(queueUrls).find(([, one]) => one.endsWith(`/${physicalName}`)) ?? [];
  return name && url ? { name, url } : { name: physicalName };
}

/** The queue of the email that a job of unknown origin is about; with backend=redis there is none on SQS. */
async function queueOfEmail(
  { queueUrls, table }: SqsInspectionOptions,
  emailId: string | undefined,
): Promise<string | undefined> {
  const record = emailId === undefined ? undefined : await table.get<EmailRecord>(recordKey(emailId));
  return record?.queue === 'bulk' ? queueUrls.bulk : queueUrls.transactional;
}
