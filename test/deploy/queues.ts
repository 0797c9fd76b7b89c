import { GetQueueAttributesCommand, type QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { queuesOf, queueUrlOutput } from '../../lib/queues.ts';
import { clientOptions } from './aws-clients.ts';

const COUNTS: QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** The number of jobs in these queues: waiting, delayed and in flight. On an emulator the numbers are exact. */
export async function countJobs(endpoint: string, queueUrls: readonly string[]): Promise<number> {
  const counts = await Promise.all(queueUrls.map((url) => countOf(endpoint, url)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The URLs of the queues that the send function works on; none with `backend=redis`. */
export function sendQueueUrls(outputs: Readonly<Record<string, string>>): string[] {
  return queuesOf('send')
    .map((name) => outputs[queueUrlOutput(name)])
    .filter((url) => url !== undefined);
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
