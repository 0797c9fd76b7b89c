import type { Context } from 'aws-lambda';
import { createInvokeConsumer } from '../adapters/aws/invoke.ts';
import { createLogger } from '../adapters/logger.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { queues } from '../core/queues.ts';
import { withoutPrefix } from '../runtime/accept/environment.ts';
import type { ConsumeResult } from '../runtime/consumer/consume.ts';
import { type ConsumerEvent, runConsumer } from '../runtime/consumer/run-consumer.ts';
import { required, requiredNumber } from '../runtime/env.ts';
import { redisFromEnvironment } from '../runtime/redis.ts';
import { createRunWorker } from '../runtime/run-worker.ts';
import { tasksRedisFromEnvironment } from '../runtime/tasks/tasks-redis.ts';

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
  const closingMs = requiredNumber('CLOSING_SECONDS', env) * 1_000;
  const work = createRunWorker(file, { backend, main, log });
  return (event, context) =>
    runConsumer(event, context, {
      client,
      env,
      work,
      invokeConsumer,
      log,
      inFlight: (queue) => queues[queue].inFlight,
      lookAtHolds: async () => {},
      flushMetrics: () => {},
      renewClaims: async () => {},
      isLimiting: () => false,
      closingMs,
    });
}
