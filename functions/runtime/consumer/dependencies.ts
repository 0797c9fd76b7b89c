import type { ConsumerQueue } from '../../adapters/redis/consumer.ts';
import { untilAnswered } from '../../adapters/redis/retry.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { QueueName } from '../../core/queues.ts';
import type { Worker } from '../../core/task/worker.ts';
import { LAST_MS } from './timing.ts';

export interface ConsumeDependencies {
  readonly queue: ConsumerQueue;
  readonly work: Worker;
  /** Invokes another consumer, which takes the place of this name. */
  readonly invokeConsumer: (replaces: string) => Promise<void>;
  /** Starts a watchdog, which invokes a consumer if this one dies; called if no watchdog is running. */
  readonly startWatchdog: () => Promise<void>;
  readonly newName: () => string;
  readonly now: () => number;
  readonly log: Logger;
  /** The queues that it works on. */
  readonly queues: readonly QueueName[];
  /** Jobs of this queue in flight at once; 0 while none may be taken. */
  readonly inFlight: (queue: QueueName) => number;
  /** Renews what `inFlight` knows while it is 0 for a queue, as no job does it then. */
  readonly lookAtHolds: () => Promise<void>;
  /** Writes the metrics; called once a minute, so that alarms need not wait for the end of a long run. */
  readonly flushMetrics: () => void;
  /** Renews what the jobs in flight have claimed (`Claims.renew`); called with each heartbeat, in the same request. */
  readonly renewClaims: (deadlineMs: number, leastGainMs: number) => Promise<void>;
  /** True while the sending rate is used up: another consumer would only wait, too. */
  readonly isLimiting: () => boolean;
  /**
   * So long before the function is stopped it receives no more jobs, in ms; for jobs that may take long. When more jobs wait then, it
   * gives its place to a fresh invocation at once, and works on those in flight until they end. If absent, jobs are short: the place
   * is handed over when those in flight have ended, or shortly before the function is stopped.
   */
  readonly closingMs?: number;
  /** When this function is stopped, epoch ms. */
  readonly deadlineMs: number;
}

/** Asks Redis, again and again if need be, until shortly before the time-out. */
export const retrying = <T>({ now, log, deadlineMs }: ConsumeDependencies, ask: () => Promise<T>): Promise<T> =>
  untilAnswered({ now, log, untilMs: deadlineMs - LAST_MS }, ask);
