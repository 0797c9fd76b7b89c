import { Policy } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { queueNames, taskQueueNames } from '../../functions/core/queues.ts';
import { redisDeadLetters, redisQueueMetrics, sqsDeadLetters } from '../constructs/monitoring/metrics.ts';
import { acknowledgeReadSesQuota } from '../constructs/permissions.ts';
import { SendoffFunction } from '../constructs/sendoff-function.ts';
import { invoke, readSesQuota, sendThroughSes } from '../constructs/statements.ts';
import { type BackendParts, type BackendProps, sendVariables } from './parts.ts';
import { type RedisAccess, redisAccess } from './redis-access.ts';
import {
  createRedisTaskFunctions,
  type RedisTaskFunctions,
  SHARED_IDLE_COMMANDS,
  tasksDeployment,
} from './redis-tasks.ts';

/** The parts of `backend: 'redis'`. */
export interface RedisParts extends BackendParts {
  readonly functions: RedisFunctions;
  /** Where functions and the operator find the database's credentials. */
  readonly access: RedisAccess;
}

/** The functions that only `backend: 'redis'` has. Lambda has no trigger for Redis, so they invoke each other. */
export type RedisFunctions = {
  /** Works on all queues. A function that queues a job invokes it, unless one is running. */
  readonly redisConsumer: SendoffFunction;
  /** Invokes the consumer when a delayed job is due or a consumer crashed. */
  readonly redisWatchdog: SendoffFunction;
} & Partial<RedisTaskFunctions>;

/** Long, so that under load cold starts are rare. A consumer ends at once when the queues are empty. */
const CONSUMER_TIMEOUT = Duration.minutes(5);
/** A watchdog ends after 62 s, when the next one has begun. */
const WATCHDOG_TIMEOUT = Duration.seconds(70);
const WATCHDOG_MEMORY_MB = 128;

/** Creates the functions that work on the queues in Redis, directly in `scope`. */
export function createRedisParts(scope: Construct, props: BackendProps): RedisParts {
  const { config, deployment, deadLetterQueue } = props;
  const access = redisAccess(scope, config);
  const own = createFunctions(scope, props, access);
  const { redisConsumer, redisWatchdog } = own;
  const mayQueue = [access.statement, invoke(redisConsumer)];
  const environment = {
    ...access.environment,
    CONSUMER_FUNCTION: redisConsumer.functionName,
    WATCHDOG_FUNCTION: redisWatchdog.functionName,
    DEPLOYMENT: deployment,
  };
  const ofTasks =
    props.tasks && createRedisTaskFunctions(scope, props, props.tasks, access, environment, redisConsumer);
  const mayQueueRuns = ofTasks ? [access.statement, invoke(redisConsumer, ofTasks.redisRunTasks)] : mayQueue;
  const deploymentOfTasks = tasksDeployment(deployment);
  return {
    access,
    environment: {
      ...environment,
      ...(ofTasks
        ? {
            TASKS_CONSUMER_FUNCTION: ofTasks.redisRunTasks.functionName,
            TASKS_WATCHDOG_FUNCTION: ofTasks.redisTasksWatchdog.functionName,
          }
        : {}),
    },
    acceptStatements: mayQueueRuns,
    apiStatements: mayQueueRuns,
    feedbackStatements: mayQueue,
    functions: { ...own, ...ofTasks },
    sender: redisConsumer,
    tasks: ofTasks?.redisRunTasks,
    everyMinute: {
      EveryMinute: redisWatchdog,
      ...(ofTasks ? { TasksEveryMinute: ofTasks.redisTasksWatchdog } : {}),
    },
    metrics: {
      queues: [
        ...queueNames.map((name) => redisQueueMetrics(deployment, name)),
        ...(ofTasks ? taskQueueNames.map((name) => redisQueueMetrics(deploymentOfTasks, name)) : []),
      ],
      deadLetters: [
        redisDeadLetters(deployment, 'jobs'),
        ...(ofTasks ? [redisDeadLetters(deploymentOfTasks, 'runs of tasks')] : []),
        sqsDeadLetters(deadLetterQueue, 'events of SES'),
      ],
      deadLettersKept: 'Jobs are kept until you redrive or purge them, events of SES (in SQS) for 14 days.',
    },
    outputs: {
      ...access.outputs,
      RedisConsumerFunctionName: redisConsumer.functionName,
      RedisWatchdogFunctionName: redisWatchdog.functionName,
      ...(ofTasks
        ? {
            TasksFunctionName: ofTasks.redisRunTasks.functionName,
            TasksWatchdogFunctionName: ofTasks.redisTasksWatchdog.functionName,
          }
        : {}),
    },
  };
}

function createFunctions(scope: Construct, props: BackendProps, access: RedisAccess): RedisFunctions {
  const { config, sesSending, deployment } = props;
  const environment = { ...access.environment, DEPLOYMENT: deployment };
  const redisConsumer = new SendoffFunction(scope, 'RedisConsumerFunction', {
    logGroupId: 'SendFunctionLogs',
    handler: 'redis-consumer',
    description:
      'Works on the queues in Redis until they are empty: sends emails through Amazon SES, delivers webhooks',
    timeout: CONSUMER_TIMEOUT,
    memoryMb: config.sendMemoryMb,
    environment: {
      ...environment,
      ...sendVariables(props),
      MAX_CONSUMERS: String(config.maxConsumers),
      MAX_RECEIVE_COUNT: String(config.maxReceiveCount),
    },
    statements: [access.statement, sendThroughSes({ sesSending }), readSesQuota()],
    runtime: config,
  });
  const redisWatchdog = new SendoffFunction(scope, 'RedisWatchdogFunction', {
    logGroupId: 'ScheduleFunctionLogs',
    handler: 'redis-watchdog',
    description: 'Invokes the consumer when a job is due or a consumer crashed; publishes the metrics of the queues',
    timeout: WATCHDOG_TIMEOUT,
    memoryMb: WATCHDOG_MEMORY_MB,
    environment: {
      ...environment,
      CONSUMER_FUNCTION: redisConsumer.functionName,
      ...(props.tasks ? SHARED_IDLE_COMMANDS : {}),
    },
    statements: [access.statement, invoke(redisConsumer)],
    runtime: config,
  });
  acknowledgeReadSesQuota(redisConsumer);
  // A policy outside the role: a function depends on the policies in its role, and this policy depends on the function.
  const mayInvoke = new Policy(scope, 'SendFunctionStarts', { statements: [invoke(redisConsumer, redisWatchdog)] });
  if (redisConsumer.role) mayInvoke.attachToRole(redisConsumer.role);
  return { redisConsumer, redisWatchdog };
}
