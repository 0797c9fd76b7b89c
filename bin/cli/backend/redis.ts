import { createInvokeConsumer } from '../../../functions/adapters/aws/invoke.ts';
import { createRedisBackend } from '../../../functions/adapters/redis/backend.ts';
import { createRedisClient, type RedisClient } from '../../../functions/adapters/redis/client.ts';
import { createUpstashRequester } from '../../../functions/adapters/redis/requester.ts';
import { createRedisScan, type RedisCommand } from '../../../functions/adapters/redis/scan.ts';
import { timeLimits } from '../../../functions/adapters/time-limits.ts';
import { type QueueName, queueNames, taskQueueNames } from '../../../functions/core/queues.ts';
import { tasksNamespace } from '../../../functions/runtime/tasks/tasks-redis.ts';
import { awsRequests } from '../aws.ts';
import { type Deployment, output } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import type { OperatedBackend } from './operated-backend.ts';
import { redisCredentials } from './redis-credentials.ts';

/** Upstash Redis, and SQS for what SES reports. */
export async function openRedisBackend(
  deployment: Deployment,
  { env, note }: Pick<Terminal, 'env' | 'note'>,
): Promise<OperatedBackend> {
  const request = awsRequests(deployment);
  const known = await redisCredentials(deployment, env, request);
  const options = { credentials: async () => known, timeoutMs: timeLimits.cli.answerMs };
  const requester = createUpstashRequester(options);
  const command: RedisCommand = async (...body) => (await requester.request<unknown>({ body })).result;
  const clockAheadMs = await measureClock(command);
  const clientOf = (namespace: string, queues: readonly QueueName[], functionName: string, watchdog: string) =>
    createRedisClient({
      ...options,
      namespace,
      queues,
      // A time written by a clock that is an hour ahead would keep consumers from being invoked for that hour.
      now: () => Date.now() + clockAheadMs,
      // Only a failure is shown: the jobs are durable, and the watchdog invokes a consumer within a minute.
      invokeConsumer: createInvokeConsumer({
        functionName,
        watchdog,
        log: { info: () => {}, warn: note, error: note },
        request,
      }),
    });
  const namespace = output(deployment, 'RedisNamespace');
  const client = clientOf(
    namespace,
    queueNames,
    output(deployment, 'RedisConsumerFunctionName', 'SendFunctionName'),
    output(deployment, 'RedisWatchdogFunctionName', 'ScheduleFunctionName'),
  );
  const { TasksFunctionName: runner, TasksWatchdogFunctionName: itsWatchdog } = deployment.outputs;
  const ofTasks =
    runner && itsWatchdog ? [clientOf(tasksNamespace(namespace), taskQueueNames, runner, itsWatchdog)] : [];
  const { table, bodies, broker, updateAndSend } = createRedisBackend(client, () => Date.now() + clockAheadMs);
  const runStores = (one: RedisClient) => ({
    ...createRedisBackend(one, () => Date.now() + clockAheadMs),
    scan: createRedisScan(command, one.keyOf('')),
  });
  const [runs] = ofTasks.map(runStores);
  return {
    ...(runs ? { runs } : {}),
    table,
    bodies,
    broker,
    updateAndSend,
    scan: createRedisScan(command, client.keyOf('')),
    inspection: async () => {
      const [{ createRedisInspection }, { openSqsInspection }, { together }] = await Promise.all([
        import('../../../functions/adapters/redis/inspection.ts'),
        import('./sqs-inspection.ts'),
        import('../../../functions/core/inspection/together.ts'),
      ]);
      const inRedis = [client, ...ofTasks].map((one) => createRedisInspection(one, { clockAheadMs }));
      return together(...inRedis, openSqsInspection(deployment, table));
    },
    redis: command,
    remains: [
      'the append-only file of a Redis of your own, which keeps what was deleted until it is rewritten: redis-cli BGREWRITEAOF',
      'backups of the database, if there are any (Upstash: Backups in its console; your own Redis: RDB files and copies of them)',
    ],
  };
}

/** Measures how far Redis' clock is ahead of this machine's, in ms. */
async function measureClock(command: RedisCommand): Promise<number> {
  const askedAtMs = Date.now();
  const [seconds, microseconds] = (await command('TIME')) as [string, string];
  return Math.round(Number(seconds) * 1000 + Number(microseconds) / 1000 - (askedAtMs + Date.now()) / 2);
}
