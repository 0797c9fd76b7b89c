import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { createInvokeConsumer, invokeFunction } from '../adapters/aws/invoke.ts';
import { createLogger } from '../adapters/logger.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { createConsumerQueue } from '../adapters/redis/consumer.ts';
import { queues } from '../core/queues.ts';
import { createWorker } from '../core/task/worker.ts';
import { acceptEmail, acceptEmails } from '../runtime/accept/accept-email.ts';
import { withoutPrefix } from '../runtime/accept/environment.ts';
import { type ConsumeResult, consume } from '../runtime/consumer/consume.ts';
import { required, requiredNumber } from '../runtime/env.ts';
import { redisFromEnvironment } from '../runtime/redis.ts';
import { createRunWorkerTasks } from '../runtime/run-worker-tasks.ts';
import { exportedTasks } from '../runtime/task-definitions.ts';
import { tasksRedisFromEnvironment } from '../runtime/tasks-redis.ts';

interface ConsumerEvent {
  /** The place to take among the consumers. */
  readonly replaces?: string;
  /** The function to start as watchdog if none is running; absent when a watchdog invokes. */
  readonly watchdog?: string;
}

/**
 * Makes the handler of the function that runs the user's tasks with `backend=redis`: a consumer of its own, in a namespace of its own.
 * The function's module is made at synth: it imports the user's file and calls this with its exports (lib/tasks/user-tasks.ts).
 */
export function createHandler(
  file: Readonly<Record<string, unknown>>,
): (event: ConsumerEvent, context: Context) => Promise<ConsumeResult> {
  // The variables have a prefix: the user's code may have variables of the same names.
  const env = withoutPrefix(process.env);
  const log = createLogger();
  const invokeConsumer = createInvokeConsumer({
    functionName: required('AWS_LAMBDA_FUNCTION_NAME'),
    watchdog: undefined,
    log,
  });
  const client = tasksRedisFromEnvironment(log, env, invokeConsumer);
  const backend = createRedisBackend(client);
  const main = createRedisBackend(redisFromEnvironment(log, env));
  const email = { send: acceptEmail, sendBatch: acceptEmails };
  const tasks = createRunWorkerTasks(exportedTasks(file), { backend, main, email, log });
  const newName = () => randomUUID();
  const closingMs = requiredNumber('CLOSING_SECONDS', env) * 1_000;
  const work = createWorker({
    tasks,
    dependencies: undefined,
    broker: backend.broker,
    log,
    concurrency: 1,
    now: Date.now,
    random: Math.random,
  });
  return async ({ replaces, watchdog }, context) => {
    const options = {
      name: newName(),
      maxConsumers: requiredNumber('MAX_CONSUMERS', env),
      maxReceiveCount: requiredNumber('MAX_RECEIVE_COUNT', env),
      watched: watchdog === undefined,
    };
    const result = await consume(
      {
        queue: createConsumerQueue(client, options),
        work,
        invokeConsumer,
        startWatchdog: async () => {
          if (watchdog) await invokeFunction(watchdog, { byConsumer: true }, log);
        },
        newName,
        now: Date.now,
        log,
        queues: client.queues,
        inFlight: (queue) => queues[queue].inFlight,
        lookAtHolds: async () => {},
        flushMetrics: () => {},
        renewClaims: async () => {},
        isLimiting: () => false,
        closingMs,
        deadlineMs: Date.now() + context.getRemainingTimeInMillis(),
      },
      replaces,
    );
    log.info('consumed', { ...result });
    return result;
  };
}
