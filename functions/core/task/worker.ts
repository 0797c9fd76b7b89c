import * as z from 'zod/mini';
import { SendoffError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Broker, Delivery, Job, OutgoingJob } from '../ports/broker.ts';
import type { LogFields, Logger } from '../ports/telemetry.ts';
import { backoffSeconds } from './retry.ts';
import { HeldElsewhere, Postponed, type Run, type Task } from './task.ts';

/** A job that arrives less than this before its time runs at once: clocks differ. */
const EARLY_TOLERANCE_MS = 1_000;

export interface WorkerOptions<Dependencies> {
  readonly tasks: readonly Task<unknown, Dependencies>[];
  readonly dependencies: Dependencies;
  readonly broker: Broker;
  readonly log: Logger;
  /** The most jobs at the same time, 1 or more. */
  readonly concurrency: number;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Runs a batch of jobs and answers the ids of the deliveries that must not be acknowledged. The times (epoch ms) are those of
 * `Run`; without `stopsAtMs` both are the same. The deadline is a function because it moves when deliveries are renewed.
 */
export type Worker = (
  deliveries: readonly Delivery[],
  deadlineMs: () => number,
  stopsAtMs?: number,
) => Promise<string[]>;

const jobSchema = z.object({
  group: z.optional(z.string()),
  task: z.string(),
  args: z.unknown(),
  attempt: z.int().check(z.positive()),
  dueAtMs: z.optional(z.number()),
  expiresAtMs: z.optional(z.number()),
});

/** Makes a worker for these tasks. Every delivery that did not end well is answered as failed. */
export function createWorker<Dependencies>(options: WorkerOptions<Dependencies>): Worker {
  const byName = new Map(options.tasks.map((task) => [task.name, task]));
  const { broker, log, concurrency } = options;

  return async (deliveries, deadlineMs, stopsAtMs = deadlineMs()) => {
    const failed: string[] = [];
    const postponed: { readonly delivery: Delivery; readonly job: Job }[] = [];
    const fail = (delivery: Delivery, error: unknown) => {
      failed.push(delivery.id);
      const fields = { deliveryId: delivery.id, ...fieldsOfDelivery(delivery, byName) };
      if (error instanceof HeldElsewhere) log.info('job left for later', { ...fields, reason: error.message });
      else log.error('job not handled', { ...fields, error });
    };
    const waiting = [...deliveries];
    const lane = async () => {
      for (let delivery = waiting.shift(); delivery; delivery = waiting.shift()) {
        try {
          const job = await runDelivery(delivery, { deadlineMs, stopsAtMs }, byName, options);
          if (job) postponed.push({ delivery, job });
        } catch (error) {
          fail(delivery, error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, waiting.length) }, lane));
    if (postponed.length === 0) return failed;
    try {
      await broker.send(postponed.map(({ delivery: { queue }, job }): OutgoingJob => ({ queue, job })));
      log.info('jobs postponed', { jobs: postponed.length });
    } catch (error) {
      for (const { delivery } of postponed) fail(delivery, error);
    }
    return failed;
  };
}

/** Resolves when the delivery may be acknowledged; to a job if only after this one is on the queue. */
async function runDelivery<Dependencies>(
  delivery: Delivery,
  times: { readonly deadlineMs: () => number; readonly stopsAtMs: number },
  tasks: ReadonlyMap<string, Task<unknown, Dependencies>>,
  options: WorkerOptions<Dependencies>,
): Promise<Job | undefined> {
  const job = parseJob(delivery.body);
  const task = tasks.get(job.task);
  if (!task) throw new Error(`no task is named ${JSON.stringify(job.task)}`);
  const args = task.args.parse(job.args);
  const { now, log, dependencies } = options;

  if (job.expiresAtMs !== undefined && job.expiresAtMs < now()) {
    log.warn('job expired', fieldsOf(job, task, args));
    return undefined;
  }
  if (job.dueAtMs !== undefined && job.dueAtMs > now() + EARLY_TOLERANCE_MS) return job;
  const { deadlineMs, stopsAtMs } = times;
  const run: Run = {
    id: newId(),
    deliveryId: delivery.id,
    job,
    queue: delivery.queue,
    get deadlineMs() {
      return deadlineMs();
    },
    stopsAtMs,
    now,
    log,
  };
  try {
    await task.run(args, run, dependencies);
    return undefined;
  } catch (error) {
    if (!(error instanceof Postponed)) return await settleFailure(task, args, error, run, options);
    const again = task.onPostponed?.(args, error, run) ?? args;
    return { ...job, args: again as Job['args'], dueAtMs: now() + error.delaySeconds * 1000 };
  } finally {
    task.onEnd?.(run, dependencies);
  }
}

function parseJob(body: string): Job {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Without a cause: the parser's message quotes the body, which may hold anything.
    throw new Error('the job is not JSON');
  }
  return jobSchema.parse(value) as Job;
}

/** Queues the next try, or ends the job. In this order a crash in between repeats a job and never loses one. */
async function settleFailure<Args, Dependencies>(
  task: Task<Args, Dependencies>,
  args: Args,
  error: unknown,
  run: Run,
  { broker, dependencies, random }: WorkerOptions<Dependencies>,
): Promise<undefined> {
  const { job, queue, now, log } = run;
  if (!(error instanceof SendoffError)) throw error;
  const fields = { ...fieldsOf(job, task, args), code: error.code };
  const givesUp = task.givesUp?.(args, error, run, dependencies) ?? job.attempt >= task.retry.maxAttempts;
  if (error.retryable && !givesUp) {
    const seconds = Math.max(error.retryAfterSeconds ?? 0, backoffSeconds(task.retry, job.attempt, random));
    await broker.send([{ queue, job: { ...job, attempt: job.attempt + 1, dueAtMs: now() + seconds * 1000 } }]);
    await task.onRetry?.(args, error, run, dependencies);
    log.warn('job will be tried again', { ...fields, delaySeconds: Math.round(seconds) });
  } else {
    await task.onFailed?.(args, error, run, dependencies);
    log.error('job failed', fields);
  }
}

/** The fields of a job for the log. */
function fieldsOf<Args, Dependencies>(
  { task, attempt, args }: Job,
  { logged }: Task<Args, Dependencies>,
  parsed: Args,
): LogFields {
  return { task, attempt, ...(logged ? logged(parsed) : { args }) };
}

/** The same for a delivery that may be malformed; nothing is logged of what cannot be parsed. */
function fieldsOfDelivery<Dependencies>(
  { body }: Delivery,
  tasks: ReadonlyMap<string, Task<unknown, Dependencies>>,
): LogFields {
  try {
    const job = parseJob(body);
    const task = tasks.get(job.task);
    return task ? fieldsOf(job, task, task.args.parse(job.args)) : {};
  } catch {
    return {};
  }
}
