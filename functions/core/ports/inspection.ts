import type { QueueName } from '../queues.ts';

/** A queue as operators see it. `feedback` holds what SES reports; it is on SQS with either backend. */
export type InspectedQueue = QueueName | 'feedback' | 'dead letters';

/** The jobs of one queue. SQS calls its own numbers approximate; those of delayed jobs in Redis are approximate too. */
export interface QueueDepth {
  readonly queue: InspectedQueue;
  readonly waiting: number;
  /** With a worker at this moment. */
  readonly running: number;
  /** Not due yet: retries and scheduled emails. */
  readonly delayed: number;
  /**
   * How long the oldest job has been waiting, running or overdue, in ms; 0 if there is none. Absent where the broker does not
   * tell it: SQS tells it to CloudWatch alone.
   */
  readonly oldestMs?: number;
}

/** A job that no worker could handle. */
export interface DeadLetter {
  /** The id that its queue knows it by. */
  readonly id: string;
  /** The text as it was sent; perhaps not a job at all. */
  readonly body: string;
  readonly job: { readonly task: string; readonly attempt: number; readonly args: unknown } | undefined;
  /** The email it is about, if it is about one. */
  readonly emailId: string | undefined;
  /** When it was first queued, epoch ms; 0 if that is not known. */
  readonly queuedAtMs: number;
  /** How often a worker has received it; with SQS, reading it here counts too. */
  readonly receiveCount: number;
  /** The queue it came from; absent if that is not known. A queue of another stack has its physical name. */
  readonly sourceQueue: string | undefined;
}

/** A dead letter as a page hands it out, to be redriven or deleted before the next page is read. */
export interface HeldDeadLetter extends DeadLetter {
  /**
   * Puts it back on the queue it came from, and takes it out of here. A crash loses nothing: on Redis this is one step, and on
   * SQS the job is then in both places. Answers false, and leaves it here, when it belongs to no queue of this deployment.
   */
  redrive(): Promise<boolean>;
  delete(): Promise<void>;
}

/** The dead letters of a deployment. */
export interface DeadLetters {
  /** About how many there are. */
  count(): Promise<number>;
  /**
   * All dead letters, each once, a page at a time. SQS hides messages that are read: those that were neither redriven nor
   * deleted become visible to others again when the loop ends, also by `break`; after a crash, a minute after they were read.
   */
  pages(): AsyncGenerator<readonly HeldDeadLetter[], void>;
  /** One dead letter; undefined when there is none with this id, or when the signal stopped the search. */
  find(id: string, signal?: AbortSignal): Promise<DeadLetter | undefined>;
}

/** The view of an operator on the queues and their dead letters. */
export interface Inspection {
  /** Every queue of the deployment, in the order in which they are shown; the dead letters are last. */
  depths(): Promise<QueueDepth[]>;
  readonly deadLetters: DeadLetters;
}
