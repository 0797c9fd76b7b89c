import { GetQueueAttributesCommand, type QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from './aws-clients.ts';

const COUNTS: QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** Jobs in the queues of a deployment that have a worker: waiting, delayed and in a worker's hands. On an emulator the numbers are exact. */
export async function jobsLeft(endpoint: string, outputs: Readonly<Record<string, string>>): Promise<number> {
  const counts = await Promise.all(workQueueUrls(outputs).map((url) => countOf(endpoint, url)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Jobs that the workers gave up. */
export function deadLetters(endpoint: string, outputs: Readonly<Record<string, string>>): Promise<number> {
  return countOf(endpoint, outputs.DeadLetterQueueUrl ?? '');
}

/** URLs of the queues that have a worker, by the stack's outputs. */
export function workQueueUrls(outputs: Readonly<Record<string, string>>): string[] {
  const isWorkQueue = ([name]: [string, string]) => name.endsWith('QueueUrl') && !name.startsWith('DeadLetter');
  return Object.entries(outputs)
    .filter(isWorkQueue)
    .map(([, url]) => url);
}

async function countOf(endpoint: string, QueueUrl: string): Promise<number> {
  const sqs = new SQSClient(clientOptions(endpoint));
  try {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: COUNTS }));
    return COUNTS.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  } finally {
    sqs.destroy();
  }
}
