import { type QueueDefinition, type QueueName, queueNames } from '../functions/core/queues.ts';

export { queuesOf } from '../functions/core/queues.ts';

/** The function that works on a queue with `backend: 'aws'`. */
export type QueueWorker = QueueDefinition['worker'];

/** The most jobs that one invocation gets with `backend: 'aws'`; 10 is SQS's limit without a batching window. */
export const BATCH_SIZE = 10;

/** A value for each queue. */
export function forEachQueue<T>(make: (name: QueueName) => T): Record<QueueName, T> {
  return Object.fromEntries(queueNames.map((name) => [name, make(name)])) as Record<QueueName, T>;
}

/** A queue's name as a part of construct ids and outputs: `WebhookSlow`. It never changes: logical ids are made of it. */
export const queueId = (name: string): string =>
  name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());

/** The name of the stack output with the URL of an SQS queue: `WebhookSlowQueueUrl`. */
export const queueUrlOutput = (name: string): string => `${queueId(name)}QueueUrl`;
