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
  /** Dropped, with a log line, if it could not be run by then. */
  readonly expiresAt?: Date;
  readonly queue?: QueueName;
  /** Milliseconds since the epoch; the clock is a parameter so that tests can turn it. */
  readonly now?: () => number;
}

/** What a run knows about itself. */
export interface Run {
  /** Unique among all runs: two of one job have different ones. */
  readonly id: string;
  readonly job: Job;
  readonly queue: QueueName;
  /** Until when the run keeps its claim without a renewal, epoch ms. Where claims are not renewed: when the function is stopped. */
  readonly deadlineMs: number;
  /** When the function is stopped, epoch ms; claims are renewed until then. */
  readonly stopsAtMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

export interface TaskOptions<Args, Dependencies> {
  readonly args: z.ZodMiniType<Args>;
  readonly queue: QueueName;
  readonly retry: RetryPolicy;
  /** What of the arguments may be logged: ids, never addresses. All of them if absent. */
  logged?(args: Args): LogFields;
  /** After the next try is safely on the queue. */
  onRetry?(args: Args, error: SendoffError, run: Run, dependencies: Dependencies): Promise<void>;
  /** After the last try, or at once for an error that is not retryable. */
  onFailed?(args: Args, error: SendoffError, run: Run, dependencies: Dependencies): Promise<void>;
  /** Last, however the run ended; must not throw. */
  onEnd?(run: Run, dependencies: Dependencies): void;
}

/** A named unit of background work. */
export interface Task<Args, Dependencies> extends TaskOptions<Args, Dependencies> {
  readonly name: string;
  run(args: Args, run: Run, dependencies: Dependencies): Promise<void>;
  /** The job of one call, for those who send several at once. */
  call(args: Args, options?: CallOptions): OutgoingJob;
  /** Puts one call on its queue; resolves when it is durable. */
  delay(args: Args, broker: Broker, options?: CallOptions): Promise<void>;
}

/**
 * Declares a task once, to be called from anywhere.
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
 * Thrown by a task to leave its job unacknowledged: the broker brings it back after the visibility timeout.
 * For a job whose work another worker holds: acknowledging it would lose the job if that worker dies.
 */
export class HeldElsewhere extends Error {
  override readonly name = 'HeldElsewhere';
}
