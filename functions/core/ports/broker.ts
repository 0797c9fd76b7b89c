import type { QueueName } from '../queues.ts';
import type { FieldValue } from './table.ts';

/** One call of a task, as it is on a queue: ids and small values, never bodies. */
export interface Job {
  /** Jobs of one group share their queue's workers fairly with other groups: part of the id of an API key. Absent: a group of its own. */
  readonly group?: string;
  readonly task: string;
  readonly args: FieldValue;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Not before this time; a broker with shorter delays delivers it early, and the worker queues it again. */
  readonly dueAtMs?: number;
  /** Not after this time. */
  readonly expiresAtMs?: number;
}

export interface OutgoingJob {
  readonly queue: QueueName;
  readonly job: Job;
}

/** The queues. */
export interface Broker {
  /** Resolves when every job is durable; rejects (retryable) when one is not, though others may be. */
  send(jobs: readonly OutgoingJob[]): Promise<void>;
}

/** The jobs on a queue. */
export interface Backlog {
  /** Jobs that wait, run or are delayed; approximate. */
  readonly jobs: number;
  /** How long the oldest has waited, in ms; absent where the broker does not tell. */
  readonly oldestMs?: number;
}

/** A job as it arrives, not validated yet. */
export interface Delivery {
  /** The id by which it is acknowledged. */
  readonly id: string;
  readonly body: string;
  readonly queue: QueueName;
}
