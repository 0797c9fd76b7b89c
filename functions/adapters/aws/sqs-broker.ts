import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { unavailable } from '../../core/errors.ts';
import type { Broker, Job, OutgoingJob } from '../../core/ports/broker.ts';
import type { QueueName } from '../../core/queues.ts';
import { awsCall } from './errors.ts';

/** The longest delay of SQS in seconds. A job due later arrives early, and the worker queues it again. */
const MAX_DELAY_SECONDS = 900;
/** The messages of one batch. */
const BATCH = 10;
/** The tries for a batch, of which single messages may fail. */
const TRIES = 3;

/** The broker port on SQS standard queues. */
export function createSqsBroker(
  client: SQSClient,
  queueUrls: Readonly<Record<QueueName, string>>,
  now: () => number = Date.now,
): Broker {
  return {
    async send(jobs) {
      const batches = Object.entries(queueUrls).flatMap(([queue, url]) =>
        chunks(jobs.filter((job) => job.queue === queue)).map((batch) => sendBatch(client, url, batch, now)),
      );
      await Promise.all(batches);
    },
  };
}

async function sendBatch(
  client: SQSClient,
  QueueUrl: string,
  jobs: readonly OutgoingJob[],
  now: () => number,
): Promise<void> {
  let entries: SendMessageBatchRequestEntry[] = jobs.map(({ job }, index) => ({
    Id: String(index),
    MessageBody: messageBody(job),
    ...delay(job, now()),
  }));
  for (let tries = 0; tries < TRIES; tries++) {
    const { Failed = [] } = await awsCall('SQS', () =>
      client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries })),
    );
    if (Failed.length === 0) return;
    const failed = new Set(Failed.map(({ Id }) => Id));
    entries = entries.filter(({ Id }) => failed.has(Id));
  }
  throw unavailable(`SQS did not take ${entries.length} of ${jobs.length} jobs`);
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

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
    items.slice(index * BATCH, (index + 1) * BATCH),
  );
}
