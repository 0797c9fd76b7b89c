import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsCall } from './errors.ts';

const DEPTHS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** The messages of a queue, as SQS counts them: right again about a minute after the last change. */
export async function queueDepth(
  client: SQSClient,
  QueueUrl: string,
): Promise<{ readonly waiting: number; readonly running: number; readonly delayed: number }> {
  const { Attributes = {} } = await awsCall('SQS', () =>
    client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...DEPTHS] })),
  );
  const [waiting = 0, running = 0, delayed = 0] = DEPTHS.map((name) => Number(Attributes[name] ?? 0));
  return { waiting, running, delayed };
}
