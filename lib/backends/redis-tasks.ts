import { Policy } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { withPrefix } from '../../functions/runtime/accept/environment.ts';
import { SendoffFunction } from '../constructs/sendoff-function.ts';
import { invoke } from '../constructs/statements.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';
import type { BackendProps } from './parts.ts';
import type { RedisAccess } from './redis-access.ts';

/** The functions of the user's tasks with `backend: 'redis'`: a consumer and a watchdog of their own, in a namespace of their own. */
export interface RedisTaskFunctions {
  /** Runs the user's tasks. A function that queues a run invokes it, unless one is running. */
  readonly redisRunTasks: SendoffFunction;
  /** Invokes it when a run or a clock is due, or when it crashed. */
  readonly redisTasksWatchdog: SendoffFunction;
}

/** With this both watchdogs together use less than 100,000 commands a month while nothing happens. */
export const SHARED_IDLE_COMMANDS = { DEAD_LETTERS_EVERY_MINUTES: '15' };
const WATCHDOG_TIMEOUT = Duration.seconds(70);
const WATCHDOG_MEMORY_MB = 256;
const LONGEST_TIMEOUT_SECONDS = 900;
/** For short tasks, as long as the consumer of the emails. */
const RECEIVING_SECONDS = 240;
/** Between the time-out of a run and the end of the function: to write how it ended. */
const SETTLING_SECONDS = 15;

/** How long the consumer runs, and how long before its end it receives no more jobs: a run of any task then fits. */
export function consumerTimes({ longest }: Pick<UserTasks, 'longest'>): { timeout: Duration; closing: Duration } {
  const closingSeconds = longest.toSeconds() + SETTLING_SECONDS;
  return {
    timeout: Duration.seconds(Math.min(LONGEST_TIMEOUT_SECONDS, closingSeconds + RECEIVING_SECONDS)),
    closing: Duration.seconds(closingSeconds),
  };
}

/** Creates them directly in `scope`. `environment` is that of a function that accepts emails. */
export function createRedisTaskFunctions(
  scope: Construct,
  { config, deployment }: BackendProps,
  tasks: UserTasks,
  access: RedisAccess,
  environment: Readonly<Record<string, string>>,
  consumer: SendoffFunction,
): RedisTaskFunctions {
  const { timeout, closing } = consumerTimes(tasks);
  const redisRunTasks = new SendoffFunction(scope, 'RedisTasksFunction', {
    handler: 'redis-run-tasks',
    tasks,
    runsTasks: config.tasks,
    description: 'Runs your own tasks until their queues in Redis are empty',
    timeout,
    memoryMb: config.tasksMemoryMb,
    environment: withPrefix({
      ...environment,
      RETENTION_DAYS: String(config.retentionDays),
      MAX_CONSUMERS: String(config.maxConsumers),
      MAX_RECEIVE_COUNT: String(config.maxReceiveCount),
      CLOSING_SECONDS: String(closing.toSeconds()),
    }),
    statements: [access.statement, invoke(consumer)],
    runtime: config,
  });
  const redisTasksWatchdog = new SendoffFunction(scope, 'RedisTasksWatchdogFunction', {
    handler: 'redis-watchdog',
    tasks,
    description:
      'Invokes the consumer of your tasks when a run is due or a consumer crashed; starts the runs of clocks',
    timeout: WATCHDOG_TIMEOUT,
    memoryMb: WATCHDOG_MEMORY_MB,
    environment: {
      ...access.environment,
      // A namespace of metrics of its own: they have the same names.
      DEPLOYMENT: tasksDeployment(deployment),
      WATCHES: 'tasks',
      ...SHARED_IDLE_COMMANDS,
      TASKS_CONSUMER_FUNCTION: redisRunTasks.functionName,
    },
    statements: [access.statement, invoke(redisRunTasks)],
    runtime: config,
  });
  // A policy outside the role: a function depends on the policies in its role, and this policy depends on the function.
  const mayInvoke = new Policy(scope, 'TasksFunctionStarts', {
    statements: [invoke(redisRunTasks, redisTasksWatchdog)],
  });
  if (redisRunTasks.role) mayInvoke.attachToRole(redisRunTasks.role);
  return { redisRunTasks, redisTasksWatchdog };
}

/** The value of the dimension `Deployment` of the queues of tasks, and of their dead letters. */
export const tasksDeployment = (deployment: string): string => `${deployment}/Tasks`;
