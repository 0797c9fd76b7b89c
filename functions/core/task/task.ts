import type * as z from 'zod/mini';
import type { SendoffError } from '../errors.ts';
import type { Broker, Job, OutgoingJob } from '../ports/broker.ts';
import type { FieldValue } from '../ports/table.ts';
import type { LogFields, Logger } from '../ports/telemetry.ts';
import type { QueueName } from '../queues.ts';
import type { RetryPolicy } from './retry.ts';

/** How one call of a task differs from its defaults. */
export interface CallOptions {
  /** Run no sooner than this many seconds from now; any length (a broker with shorter delays takes several hops). */
  readonly delaySeconds?: number;
  /** The job is dropped, with a log line, if it has not run by then. */
  readonly expiresAt?: Date;
  readonly queue?: QueueName;
  /** The clock, in epoch ms; a parameter for tests. */
  readonly now?: () => number;
}

/** One run of a job. */
export interface Run {
  /** Unique among all runs: two of one job have different ones. */
  readonly id: string;
  /** The same when the queue delivers the job again, as it was not acknowledged; another one when a task queued it again. */
  readonly deliveryId: string;
  readonly job: Job;
  readonly queue: QueueName;
  /**
   * The end of a claim that the run makes now, if it is not renewed, epoch ms. Where claims are not renewed, the end of the
   * function.
   */
  readonly deadlineMs: number;
  /** The end of the function, epoch ms; claims are renewed until then. */
  readonly stopsAtMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

export interface TaskOptions<Args, Dependencies> {
  readonly args: z.ZodMiniType<Args>;
  readonly queue: QueueName;
  readonly retry: RetryPolicy;
  /** The arguments that may be logged: ids, never addresses. All of them if absent. */
  logged?(args: Args): LogFields;
  /** True if an error that a later try can help with ends the job all the same; if absent, the retry policy's tries decide. */
  givesUp?(args: Args, error: SendoffError, run: Run, dependencies: Dependencies): boolean;
  /** The arguments of the job that waits after a Postponed; the same if absent. */
  onPostponed?(args: Args, postponed: Postponed, run: Run): Args;
  /** Called when the next try is on the queue. */
  onRetry?(args: Args, error: SendoffError, run: Run, dependencies: Dependencies): Promise<void>;
  /** Called after the last try, or after an error that is not retryable. */
  onFailed?(args: Args, error: SendoffError, run: Run, dependencies: Dependencies): Promise<void>;
  /** Called last, however the run ended; must not throw. */
  onEnd?(run: Run, dependencies: Dependencies): void;
}

/** A named unit of background work. */
export interface Task<Args, Dependencies> extends TaskOptions<Args, Dependencies> {
  readonly name: string;
  run(args: Args, run: Run, dependencies: Dependencies): Promise<void>;
  /** The job of one call, to send several at once. */
  call(args: Args, options?: CallOptions): OutgoingJob;
  /** Queues one call; resolves when it is durable. */
  delay(args: Args, broker: Broker, options?: CallOptions): Promise<void>;
}

/**
 * Declares a task.
 *
 * @example
 * const resize = task('image.resize', { args: z.object({ id: z.string() }), queue: 'bulk', retry: emailRetry },
 *   async ({ id }, run, { images }) => images.resize(id));
 * await resize.delay({ id: '42' }, broker, { delaySeconds: 60 });
 */
export function task<Args extends FieldValue, Dependencies>(
  name: string,
  options: TaskOptions<Args, Dependencies>,
  run: Task<Args, Dependencies>['run'],
): Task<Args, Dependencies> {
  const call = (args: Args, { delaySeconds, expiresAt, queue, now = Date.now }: CallOptions = {}): OutgoingJob => ({
    queue: queue ?? options.queue,
    job: {
      task: name,
      args,
      attempt: 1,
      ...(delaySeconds ? { dueAtMs: now() + delaySeconds * 1000 } : {}),
      ...(expiresAt ? { expiresAtMs: expiresAt.getTime() } : {}),
    },
  });
  return { ...options, name, run, call, delay: (args, broker, callOptions) => broker.send([call(args, callOptions)]) };
}

/**
 * Thrown by a task to leave its job unacknowledged, so that the broker delivers it again after the visibility timeout.
 * For a job whose work another worker has claimed: if it were acknowledged, a crash of that worker would lose the job.
 */
export class HeldElsewhere extends Error {
  override readonly name = 'HeldElsewhere';
}

/**
 * Thrown by a task that cannot run now for a reason that is not the job's: a rate, a quota, a pause. The worker queues the same job
 * again, with the same attempt, after `delaySeconds`. The message is shown to people.
 */
export class Postponed extends Error {
  override readonly name = 'Postponed';
  readonly delaySeconds: number;

  constructor(reason: string, delaySeconds: number) {
    super(reason);
    this.delaySeconds = delaySeconds;
  }
}
