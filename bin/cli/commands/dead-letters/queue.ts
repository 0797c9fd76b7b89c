/** A job in a dead-letter queue, as it was received, and what can be done with it. */
export interface DeadLetter {
  /** The id its queue knows it by. */
  readonly id: string;
  /** As it was sent; perhaps not a job at all. */
  readonly body: string;
  readonly job: { readonly task: string; readonly attempt: number; readonly args: unknown } | undefined;
  /** The email it is about, if it is about one. */
  readonly emailId: string | undefined;
  /** When it was first queued, epoch ms; 0 if that is not known. */
  readonly queuedAtMs: number;
  /** How often a worker, or with SQS someone who looked here, has received it. */
  readonly receiveCount: number;
  /** What people call the queue it came from, `bulk`; absent if that is not known. */
  readonly sourceQueue: string | undefined;
  /**
   * Puts it back on the queue it came from and takes it out of here, in an order or a step in which nothing is lost. False,
   * and it stays, when it belongs to no queue of this deployment.
   */
  redrive(): Promise<boolean>;
  delete(): Promise<void>;
  /** Shows it to others again, where receiving it has hidden it. */
  release(): Promise<void>;
}

/** A dead-letter queue; where receiving hides, a letter is hidden until it is deleted or released, or for a minute. */
export interface DeadLetterQueue {
  /** The next few; none: there are no more. */
  receive(): Promise<DeadLetter[]>;
  /** About how many there are. */
  depth(): Promise<number>;
}

/** What can be read from a letter's body, which may be anything. */
export function readBody(body: string): Pick<DeadLetter, 'job' | 'emailId'> {
  const job = jobOf(body);
  return { job, emailId: emailIdOf(job?.args) };
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
