import type { QueueName } from '../queues.ts';
import type { FieldValue } from './table.ts';

/** One call of a task as it travels on a queue: ids and small values, never bodies. */
export interface Job {
  readonly task: string;
  readonly args: FieldValue;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Not to be run before this time; a broker whose delays are shorter delivers early and the worker sends it on. */
  readonly dueAtMs?: number;
  /** Not to be run after this time. */
  readonly expiresAtMs?: number;
}

export interface OutgoingJob {
  readonly queue: QueueName;
  readonly job: Job;
}

/** Where jobs wait. */
export interface Broker {
  /** Resolves when every job is durable; rejects (retryable) when any is not — the others may be. */
  send(jobs: readonly OutgoingJob[]): Promise<void>;
}

/** A job as it arrived, not yet trusted. */
export interface Delivery {
  /** What the broker acknowledges by. */
  readonly id: string;
  readonly body: string;
  readonly queue: QueueName;
}
