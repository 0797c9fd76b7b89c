import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { unavailable } from '../../core/errors.ts';
import type { Broker, Job, OutgoingJob } from '../../core/ports/broker.ts';
import type { QueueName } from '../../core/queues.ts';
import { awsCall } from './errors.ts';

/** The longest delay of SQS in seconds. A job due later arrives early, and the worker queues it again. */
const MAX_DELAY_SECONDS = 900;
/** SQS takes 10 messages and 1 MiB in a batch. */
const BATCH = 10;
const BATCH_BYTES = 1024 * 1024;
/** The tries for a batch, of which single messages may fail. */
const TRIES = 3;

/**
 * The broker port on SQS standard queues. A message carries the group of its job, which makes the queue fair: when a group takes
 * more than its part of the workers, SQS delivers messages of other groups first.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
 */
export function createSqsBroker(
  client: SQSClient,
  queueUrls: Readonly<Partial<Record<QueueName, string>>>,
  now: () => number = Date.now,
): Broker {
  return {
    async send(jobs) {
      const batches = [...Map.groupBy(jobs, ({ queue }) => queue)].map(([queue, own]) => {
        const url = queueUrls[queue];
        if (url === undefined) throw new Error(`The deployment has no queue ${queue}`);
        return chunks(own.map((job) => message(job, now()))).map((batch) => ({ url, batch }));
      });
      await Promise.all(batches.flat().map(({ url, batch }) => sendBatch(client, url, batch)));
    },
  };
}

async function sendBatch(client: SQSClient, QueueUrl: string, messages: readonly OutgoingMessage[]): Promise<void> {
  let entries: SendMessageBatchRequestEntry[] = messages.map((one, index) => ({ Id: String(index), ...one }));
  for (let tries = 0; tries < TRIES; tries++) {
    const { Failed = [] } = await awsCall('SQS', () =>
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries })),
    );
    if (Failed.length === 0) return;
    const failed = new Set(Failed.map(({ Id }) => Id));
    entries = entries.filter(({ Id }) => failed.has(Id));
  }
  throw unavailable(`SQS did not take ${entries.length} of ${messages.length} jobs`);
}

type OutgoingMessage = Omit<SendMessageBatchRequestEntry, 'Id' | 'MessageBody'> & { readonly MessageBody: string };

function message({ job }: OutgoingJob, nowMs: number): OutgoingMessage {
  const { group } = job;
  return { MessageBody: messageBody(job), ...(group ? { MessageGroupId: group } : {}), ...delay(job, nowMs) };
}

/** JSON with escapes for characters that SQS, or fauxqs, refuses: U+FFFE, U+FFFF, surrogates. */
function messageBody(job: Job): string {
  return JSON.stringify(job).replace(
    /[\ud800-\udfff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Whole seconds, rounded up: a second late is better than early. */
function delay({ dueAtMs }: Job, nowMs: number): { DelaySeconds?: number } {
  const seconds = dueAtMs === undefined ? 0 : Math.ceil((dueAtMs - nowMs) / 1000);
  return seconds > 0 ? { DelaySeconds: Math.min(seconds, MAX_DELAY_SECONDS) } : {};
}

/** Batches within the limits of SQS. A message that is too large by itself is a batch of its own, which SQS refuses. */
function chunks(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const batches: OutgoingMessage[][] = [];
  let sizeBytes = 0;
  for (const one of messages) {
    const bytes = Buffer.byteLength(one.MessageBody);
    const last = batches.at(-1);
    if (last && last.length < BATCH && sizeBytes + bytes <= BATCH_BYTES) {
      last.push(one);
      sizeBytes += bytes;
    } else {
      batches.push([one]);
      sizeBytes = bytes;
    }
  }
  return batches;
}
