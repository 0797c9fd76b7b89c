import { createInvokeConsumer } from '../../../functions/adapters/aws/invoke.ts';
import { createRedisBackend } from '../../../functions/adapters/redis/backend.ts';
import { createRedisClient } from '../../../functions/adapters/redis/client.ts';
import { createRedisDeadLetters } from '../../../functions/adapters/redis/dead-letters.ts';
import { queueDepths } from '../../../functions/adapters/redis/queue-state.ts';
import { createUpstashRequester } from '../../../functions/adapters/redis/requester.ts';
import { createRedisScan, type RedisCommand } from '../../../functions/adapters/redis/scan.ts';
import { awsRequests } from '../aws-requests.ts';
import { redisDeadLetters } from '../commands/dead-letters/redis-queue.ts';
import { sqsDeadLetters } from '../commands/dead-letters/sqs-queue.ts';
import { together } from '../commands/dead-letters/together.ts';
import { clock, database } from '../commands/doctor/redis.ts';
import { type Deployment, output } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import type { Depth, OperatedBackend } from './open.ts';
import { redisCredentials } from './redis-credentials.ts';
import { inOrder, sqsDepths } from './sqs-depths.ts';

/** A person waits longer than a function may. */
const TIMEOUT_MS = 20_000;

/** Upstash Redis; what SES reports comes over SQS here too. */
export async function openRedisBackend(
  deployment: Deployment,
  { env, note }: Pick<Terminal, 'env' | 'note'>,
): Promise<OperatedBackend> {
  const request = awsRequests(deployment);
  const known = await redisCredentials(deployment, env, request);
  const options = { credentials: async () => known, timeoutMs: TIMEOUT_MS };
  const requester = createUpstashRequester(options);
  const command: RedisCommand = async (...body) => (await requester.request<unknown>({ body })).result;
  const aheadMs = await clockAheadMs(command);
  const client = createRedisClient({
    ...options,
    namespace: output(deployment, 'RedisNamespace'),
    // What is written with a time of a clock that is wrong by an hour would keep consumers from being invoked so long.
    now: () => Date.now() + aheadMs,
    invokeConsumer: createInvokeConsumer({
      functionName: output(deployment, 'RedisConsumerFunctionName', 'SendFunctionName'),
      watchdog: output(deployment, 'RedisWatchdogFunctionName', 'ScheduleFunctionName'),
      // Only its failure is told; what is queued is durable, and the watchdog invokes a consumer within a minute.
      log: { info: () => {}, warn: note, error: note },
      request,
    }),
  });
  const { table, bodies } = createRedisBackend(client, () => Date.now() + aheadMs);
  return {
    table,
    bodies,
    scan: createRedisScan(command, client.keyOf('')),
    depths: async () => {
      const [{ queues, deadLetters }, sqs] = await Promise.all([queueDepths(client), sqsDepths(deployment)]);
      const own: Depth[] = Object.entries(queues).map(([queue, depth]) => ({ queue, ...depth }));
      return inOrder([...own, { queue: 'dead letters', waiting: deadLetters, running: 0, delayed: 0 }, ...sqs]);
    },
    deadLetters: async () =>
      together(redisDeadLetters(createRedisDeadLetters(client), aheadMs), sqsDeadLetters(deployment, table)),
    checks: [database(command), clock(request)],
    remains: [
      'the append-only file of a Redis of your own, which keeps what was deleted until it is rewritten: redis-cli BGREWRITEAOF',
      'backups of the database, if there are any (Upstash: Backups in its console; your own Redis: RDB files and copies of them)',
    ],
  };
}

/** How far Redis' clock is ahead of this machine's, which may be anything. */
async function clockAheadMs(command: RedisCommand): Promise<number> {
  const askedAtMs = Date.now();
  const [seconds, microseconds] = (await command('TIME')) as [string, string];
  return Math.round(Number(seconds) * 1000 + Number(microseconds) / 1000 - (askedAtMs + Date.now()) / 2);
}
