import { Policy } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { queueNames } from '../../functions/core/queues.ts';
import { redisDeadLetters, redisQueue, sqsDeadLetters } from '../constructs/monitoring/metrics.ts';
import { invoking, sending } from '../constructs/permissions.ts';
import { WorkerFunction } from '../constructs/worker-function.ts';
import type { BackendParts, BackendProps } from './parts.ts';
import { type RedisAccess, redisAccess } from './redis-access.ts';

/** Long, so that under load a fresh start is rare; a drainer with nothing to do ends at once. */
const DRAIN_TIMEOUT = Duration.minutes(5);
/** A run ends after 62 s, when the next one has begun. */
const WAKE_TIMEOUT = Duration.seconds(70);
const WAKE_MEMORY_MB = 128;

/** What only the backend `redis` is made of. */
export interface RedisParts extends BackendParts {
  readonly access: RedisAccess;
}

/** Makes what works on the queues in Redis and what wakes it, directly in `scope`. */
export function createRedisParts(scope: Construct, props: BackendProps): RedisParts {
  const access = redisAccess(scope, props.config);
  const { send, schedule } = redisFunctions(scope, props, access);
  const mayQueue = [access.statement, invoking(send)];
  return {
    access,
    environment: {
      ...access.environment,
      CONSUMER_FUNCTION: send.functionName,
      WATCHDOG_FUNCTION: schedule.functionName,
      DEPLOYMENT: props.deployment,
    },
    acceptStatements: mayQueue,
    apiStatements: mayQueue,
    feedbackStatements: mayQueue,
    workers: { send, schedule },
    metrics: {
      queues: queueNames.map((name) => redisQueue(props.deployment, name)),
      deadLetters: [redisDeadLetters(props.deployment, 'jobs'), sqsDeadLetters(props.deadLetterQueue, 'events of SES')],
      deadLettersKept: 'Jobs are kept until you redrive or purge them, what SES reported (SQS) for 14 days.',
    },
  };
}

/** Lambda has no trigger for Redis: who queues a job rings. */
function redisFunctions(
  scope: Construct,
  { config, sesSending, deployment }: BackendProps,
  access: RedisAccess,
): { send: WorkerFunction; schedule: WorkerFunction } {
  const send = new WorkerFunction(scope, 'RedisConsumerFunction', {
    logGroupId: 'SendFunctionLogs',
    handler: 'redis-consumer',
    description:
      'Sends queued emails through Amazon SES and tells endpoints what happened, until nothing is left; rung for by who queues a job',
    timeout: DRAIN_TIMEOUT,
    memoryMb: config.sendMemoryMb,
    environment: {
      ...access.environment,
      DEPLOYMENT: deployment,
      CONFIGURATION_SET: sesSending.configurationSet.configurationSetName,
      MAX_CONSUMERS: String(config.maxConsumers),
      MAX_RECEIVE_COUNT: String(config.maxReceiveCount),
    },
    statements: [access.statement, sending({ sesSending })],
    runtime: config,
  });
  const schedule = new WorkerFunction(scope, 'RedisWatchdogFunction', {
    logGroupId: 'ScheduleFunctionLogs',
    handler: 'redis-watchdog',
    description: 'Rings for the send function when a delayed job is due or a sender died; tells how the queues stand',
    timeout: WAKE_TIMEOUT,
    memoryMb: WAKE_MEMORY_MB,
    environment: { ...access.environment, DEPLOYMENT: deployment, CONSUMER_FUNCTION: send.functionName },
    statements: [access.statement, invoking(send)],
    runtime: config,
  });
  // A policy of its own: the function waits for those its role has by itself, and this one waits for the function.
  const starts = new Policy(scope, 'SendFunctionStarts', { statements: [invoking(send, schedule)] });
  if (send.role) starts.attachToRole(send.role);
  return { send, schedule };
}
