import {
  type CoreQueueName,
  deployedQueueNames,
  type QueueDefinition,
  type QueueName,
} from '../functions/core/queues.ts';

export { queuesOf } from '../functions/core/queues.ts';

/** The function that works on a queue with `backend: 'aws'`. */
export type QueueWorker = QueueDefinition['worker'];

/** The most jobs that one invocation gets with `backend: 'aws'`; 10 is SQS's limit without a batching window. */
export const BATCH_SIZE = 10;

/** A value for each queue of every deployment; those of tasks have one if the deployment has them. */
export type ByQueue<T> = Readonly<Record<CoreQueueName, T> & Partial<Record<QueueName, T>>>;

/** A value for each queue of a deployment with or without the option `tasks`. */
export function forEachQueue<T>(withTasks: boolean, make: (name: QueueName) => T): ByQueue<T> {
  return Object.fromEntries(deployedQueueNames(withTasks).map((name) => [name, make(name)])) as ByQueue<T>;
}

/** The queues that have a value, with it. */
export function queueEntries<T>(values: ByQueue<T>): readonly (readonly [QueueName, T])[] {
  return Object.entries(values) as [QueueName, T][];
}

/** A queue's name as a part of construct ids and outputs: `WebhookSlow`. It never changes: logical ids are made of it. */
export const queueId = (name: string): string =>
  name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());

/** The name of the stack output with the URL of an SQS queue: `WebhookSlowQueueUrl`. */
export const queueUrlOutput = (name: string): string => `${queueId(name)}QueueUrl`;
