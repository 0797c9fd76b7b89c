import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type Deployment, output } from '../deployment.ts';

/** A job in the dead-letter queue, as it was received. */
export interface DeadLetter {
  /** SQS's id of the message. */
  readonly id: string;
  readonly receipt: string;
  /** As it was sent; perhaps not a job at all. */
  readonly body: string;
  readonly job: { readonly task: string; readonly attempt: number; readonly args: unknown } | undefined;
  /** The email it is about, if it is about one. */
  readonly emailId: string | undefined;
  /** When it was first queued, epoch ms; 0 if SQS does not say. */
  readonly queuedAtMs: number;
  /** How often a worker, or someone who looked here, has received it. */
  readonly receiveCount: number;
  /** The name of the queue it came from; SQS tells it of what it moved itself. */
  readonly sourceQueue: string | undefined;
  readonly attributes: Record<string, MessageAttributeValue> | undefined;
}

/** The dead-letter queue: what is received is hidden from others until it is deleted or released, or for a minute. */
export interface DeadLetterQueue {
  /** Up to 10; none: there are no more. */
  receive(): Promise<DeadLetter[]>;
  /** Shows them to others again. */
  release(letters: readonly DeadLetter[]): Promise<void>;
  send(letter: DeadLetter, queueUrl: string): Promise<void>;
  delete(letter: DeadLetter): Promise<void>;
  /** About how many there are. */
  depth(): Promise<number>;
}

/** Long enough for a person's answer to nothing: questions are asked before, not between, receiving and deleting. */
const HIDDEN_SECONDS = 60;
const BATCH = 10;

/** The dead-letter queue of a deployment. */
export async function deadLetterQueue(deployment: Deployment): Promise<DeadLetterQueue> {
  const sqs = await import('@aws-sdk/client-sqs');
  const QueueUrl = output(deployment, 'DeadLetterQueueUrl');
  const client = new sqs.SQSClient(deployment.aws);
  return {
    async receive() {
      const { Messages = [] } = await client.send(
        new sqs.ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: HIDDEN_SECONDS,
          // Long polling asks all of SQS's servers: an empty answer then means an empty queue. Here there is one server.
          WaitTimeSeconds: deployment.local ? 0 : 1,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map(letterOf);
    },
    async release(letters) {
      const calls = letters.map(({ receipt }) =>
        client.send(new sqs.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 })),
      );
      // One that is gone meanwhile needs no release, and any other shows itself after a minute.
      await Promise.allSettled(calls);
    },
    async send({ body, attributes }, queueUrl) {
      await client.send(
        new sqs.SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, MessageAttributes: attributes }),
      );
    },
    async delete({ receipt }) {
      await client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }));
    },
    async depth() {
      const { Attributes = {} } = await client.send(
        new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes.ApproximateNumberOfMessages ?? 0);
    },
  };
}

function letterOf(message: Message): DeadLetter {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes } = message;
  const job = jobOf(Body);
  return {
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    job,
    emailId: emailIdOf(job?.args),
    queuedAtMs: Number(Attributes.SentTimestamp ?? 0),
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 0),
    sourceQueue: Attributes.DeadLetterQueueSourceArn?.split(':').at(-1),
    attributes: MessageAttributes,
  };
}

function jobOf(body: string): DeadLetter['job'] {
  try {
    const job: unknown = JSON.parse(body);
    if (typeof job !== 'object' || job === null || !('task' in job) || !('attempt' in job)) return undefined;
    const { task, attempt } = job;
    if (typeof task !== 'string' || typeof attempt !== 'number') return undefined;
    return { task, attempt, args: 'args' in job ? job.args : undefined };
  } catch {
    // What is not JSON is a poison message: exactly what this queue is for.
    return undefined;
  }
}

function emailIdOf(args: unknown): string | undefined {
  return typeof args === 'object' && args !== null && 'id' in args && typeof args.id === 'string' ? args.id : undefined;
}
