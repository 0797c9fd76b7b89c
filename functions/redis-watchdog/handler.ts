import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { type QueueState, writeQueueState } from '../adapters/metrics.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { optionalNumber, required } from '../runtime/env.ts';
import { redisFromEnvironment } from '../runtime/redis.ts';
import type { ScheduledTasks } from '../runtime/scheduled-tasks.ts';
import { tasksManifest } from '../runtime/tasks/tasks-manifest.ts';
import { tasksRedisFromEnvironment } from '../runtime/tasks/tasks-redis.ts';
import { createDeadLetterCount } from './dead-letter-count.ts';
import { runMinute, watchUntilDone } from './watch.ts';

const log = createLogger();
/** True in the second watchdog, which watches over the runs of the user's tasks. */
const ofTasks = process.env.WATCHES === 'tasks';
const client = ofTasks ? tasksRedisFromEnvironment(log) : redisFromEnvironment(log);
const deployment = required('DEPLOYMENT');
/** A little longer than the minute until the next run. */
const RUN_MS = 62_000;
/** Left unused before the time-out. */
const MARGIN_MS = 2_000;

/** Every minute, if absent; less often where two watchdogs share the commands of an idle month. */
const deadLetterCount = createDeadLetterCount(optionalNumber('DEAD_LETTERS_EVERY_MINUTES') ?? 1);
let scheduledTasks: Promise<ScheduledTasks> | undefined;

interface WatchdogEvent {
  /** Set by the consumer that starts it; absent in the run of each minute. */
  readonly byConsumer?: boolean;
  /** `byConsumer` as consumers of version 0.1 name it: those that are not updated yet during a deployment. */
  readonly byDrainer?: boolean;
}

/**
 * Invokes a consumer when a delayed job is due or a consumer died, and reports the state of the queues. Runs once a minute, and
 * beside a consumer that no other watchdog watches.
 */
export async function handler(event: WatchdogEvent, context: Context): Promise<{ invocations: number }> {
  const dependencies = {
    client,
    now: Date.now,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    endMs: Date.now() + Math.min(RUN_MS, context.getRemainingTimeInMillis() - MARGIN_MS),
    report: (state: QueueState) => writeQueueState(deployment, state),
    deadLetterCount,
    log,
  };
  const byConsumer = event.byConsumer || event.byDrainer;
  // Before the first look at the timers: a clock's next tick may be one of them.
  if (ofTasks && !byConsumer) await handOverClocks(dependencies.endMs);
  const invocations = await (byConsumer ? watchUntilDone(dependencies) : runMinute(dependencies));
  if (invocations > 0) log.info('consumer invoked', { invocations });
  return { invocations };
}

/** After a deployment the clocks become those of the code. A failure must not keep runs waiting that are due. */
async function handOverClocks(deadlineMs: number): Promise<void> {
  const manifest = tasksManifest();
  if (!manifest) return;
  try {
    scheduledTasks ??= import('../runtime/scheduled-tasks.ts').then(({ createScheduledTasks }) =>
      createScheduledTasks(createRedisBackend(tasksRedisFromEnvironment(log)), manifest, log),
    );
    await (await scheduledTasks).handOver(deadlineMs);
  } catch (error) {
    log.error('the clocks of tasks were not handed over', { error });
  }
}
