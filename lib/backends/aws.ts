import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type QueueDefinition,
  type QueueName,
  queues as queueTable,
  queueUrlVariable,
} from '../../functions/core/queues.ts';
import { withPrefix } from '../../functions/runtime/accept/environment.ts';
import type { Config } from '../config.ts';
import { BodyBucket } from '../constructs/body-bucket.ts';
import { DocumentTable } from '../constructs/document-table.ts';
import { sqsDeadLetters, workQueueMetrics } from '../constructs/monitoring/metrics.ts';
import * as permissions from '../constructs/permissions.ts';
import { SendoffFunction, type SendoffFunctionProps } from '../constructs/sendoff-function.ts';
import type { Resources } from '../constructs/statements.ts';
import { WorkQueue } from '../constructs/work-queue.ts';
import {
  BATCH_SIZE,
  type ByQueue,
  forEachQueue,
  type QueueWorker,
  queueEntries,
  queueId,
  queueUrlOutput,
} from '../queues.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';
import { type BackendParts, type BackendProps, sendVariables } from './parts.ts';

/** The parts of `backend: 'aws'`. */
export interface AwsParts extends BackendParts {
  readonly functions: AwsFunctions;
  /** The SQS queues by name. */
  readonly queues: ByQueue<WorkQueue>;
  /** The DynamoDB table of all documents. */
  readonly table: DocumentTable;
  /** The S3 bucket of the bodies that are too large for the table. */
  readonly bodyBucket: BodyBucket;
}

/** The functions that only `backend: 'aws'` has. */
export type AwsFunctions = {
  readonly send: SendoffFunction;
  readonly webhook: SendoffFunction;
  /** Queues scheduled emails, and runs of tasks, shortly before they are due. */
  readonly schedule: SendoffFunction;
  /** Runs the user's tasks; only with the option `tasks`. */
  readonly runTasks?: SendoffFunction;
};

const SCHEDULE_TIMEOUT = Duration.seconds(60);
/** Twice the time within which an endpoint must answer. */
const WEBHOOK_TIMEOUT = Duration.seconds(30);
const WEBHOOK_MEMORY_MB = 256;
/** After the time-out of the longest task: to write how the runs ended, and for a cold start. */
const TASKS_MARGIN = Duration.seconds(45);
const VISIBLE_AFTER_TIMEOUT = Duration.seconds(15);

/** Creates table, bucket, queues and the functions that work on them, directly in `scope`. */
export function createAwsParts(scope: Construct, props: BackendProps): AwsParts {
  const { config, sesSending, deployment } = props;
  const table = new DocumentTable(scope, 'Table', config);
  const bodyBucket = new BodyBucket(scope, 'BodyBucket', config);
  const queues = createQueues(scope, props);
  const environment = {
    TABLE_NAME: table.tableName,
    BODY_BUCKET: bodyBucket.bucketName,
    INDEX_SHARDS: String(config.indexShards),
    ...Object.fromEntries(queueEntries(queues).map(([name, { queueUrl }]) => [queueUrlVariable(name), queueUrl])),
    DEPLOYMENT: deployment,
  };
  const resources = { table, bodyBucket, queues, sesSending };
  const functions = createFunctions(scope, props, resources, environment);
  const workers = { send: functions.send, webhook: functions.webhook, 'run-tasks': functions.runTasks };
  for (const [name, queue] of queueEntries(queues)) {
    const { worker, concurrencyOption } = queueTable[name];
    const maxBatchingWindow = batchingWindow(name);
    workers[worker]?.consume(queueId(name), queue, config[concurrencyOption], { maxBatchingWindow });
  }
  permissions.acknowledgeBodies(scope, resources);
  permissions.acknowledgeReadSesQuota(functions.send, functions.schedule);
  return {
    queues,
    table,
    bodyBucket,
    environment,
    acceptStatements: [
      ...permissions.acceptStatements(resources),
      ...(props.tasks ? permissions.acceptRunsStatements(resources) : []),
    ],
    apiStatements: permissions.apiStatements(resources),
    feedbackStatements: permissions.feedbackStatements(resources),
    functions,
    sender: functions.send,
    tasks: functions.runTasks,
    everyMinute: { EveryMinute: functions.schedule },
    metrics: {
      queues: queueEntries(queues).map(([name, queue]) => workQueueMetrics(name, queue)),
      deadLetters: [sqsDeadLetters(props.deadLetterQueue, 'jobs')],
      deadLettersKept: 'They are kept for 14 days.',
    },
    outputs: {
      TableName: table.tableName,
      BodyBucketName: bodyBucket.bucketName,
      ...Object.fromEntries(queueEntries(queues).map(([name, { queueUrl }]) => [queueUrlOutput(name), queueUrl])),
      SendFunctionName: functions.send.functionName,
      ScheduleFunctionName: functions.schedule.functionName,
      ...(functions.runTasks ? { TasksFunctionName: functions.runTasks.functionName } : {}),
    },
  };
}

function createQueues(scope: Construct, { config, deadLetterQueue, tasks }: BackendProps): AwsParts['queues'] {
  const { maxReceiveCount } = config;
  const timeouts = workerTimeouts(config, tasks);
  return forEachQueue(tasks !== undefined, (name) => {
    const { worker } = queueTable[name];
    // The tasks function sets the visibility of each message itself, to less.
    const visibilityTimeout = worker === 'run-tasks' ? timeouts[worker].plus(VISIBLE_AFTER_TIMEOUT) : undefined;
    const props = { workerTimeout: timeouts[worker], maxBatchingWindow: batchingWindow(name), visibilityTimeout };
    return new WorkQueue(scope, `${queueId(name)}Queue`, { deadLetterQueue, maxReceiveCount, ...props });
  });
}

function batchingWindow(name: QueueName): Duration | undefined {
  const { batchingWindowSeconds }: QueueDefinition = queueTable[name];
  return batchingWindowSeconds === undefined ? undefined : Duration.seconds(batchingWindowSeconds);
}

function workerTimeouts(
  { sendTimeoutSeconds }: Config,
  tasks: UserTasks | undefined,
): Readonly<Record<QueueWorker, Duration>> {
  return {
    send: Duration.seconds(sendTimeoutSeconds),
    webhook: WEBHOOK_TIMEOUT,
    'run-tasks': tasks ? tasks.longest.plus(TASKS_MARGIN) : Duration.seconds(0),
  };
}

/** As long as the longest lease of a run: a crash is noticed by then (functions/core/run). */
function messageLeaseSeconds({ longest }: UserTasks): number {
  return Math.min(60, longest.toSeconds()) + 30;
}

function createFunctions(
  scope: Construct,
  props: BackendProps,
  resources: Resources,
  environment: Readonly<Record<string, string>>,
): AwsFunctions {
  const { config, tasks } = props;
  const timeouts = workerTimeouts(config, tasks);
  // The jobs of a batch run at the same time: they wait for SES or for endpoints, not for the CPU.
  const workerEnvironment = { ...environment, WORKER_CONCURRENCY: String(BATCH_SIZE) };
  const create = (id: string, props: Omit<SendoffFunctionProps, 'runtime'>) =>
    new SendoffFunction(scope, id, { ...props, runtime: config });
  return {
    send: create('SendFunction', {
      handler: 'send',
      description: 'Sends queued emails through Amazon SES',
      timeout: timeouts.send,
      memoryMb: config.sendMemoryMb,
      environment: { ...workerEnvironment, ...sendVariables(props) },
      statements: permissions.sendStatements(resources),
    }),
    schedule: create('ScheduleFunction', {
      handler: 'schedule',
      description: 'Queues scheduled emails shortly before they are due, and emails whose job was lost',
      tasks,
      timeout: SCHEDULE_TIMEOUT,
      memoryMb: config.scheduleMemoryMb,
      environment,
      statements: [
        ...permissions.scheduleStatements(resources),
        ...(tasks ? permissions.scheduleRunsStatements(resources) : []),
      ],
    }),
    webhook: create('WebhookFunction', {
      handler: 'webhook',
      description: 'Delivers events to webhook endpoints',
      timeout: timeouts.webhook,
      memoryMb: WEBHOOK_MEMORY_MB,
      environment: workerEnvironment,
      statements: permissions.webhookStatements(resources),
    }),
    ...(tasks
      ? {
          runTasks: create('TasksFunction', {
            handler: 'run-tasks',
            description: 'Runs your own tasks',
            tasks,
            runsTasks: config.tasks,
            timeout: timeouts['run-tasks'],
            memoryMb: config.tasksMemoryMb,
            // The user's code is in this function: it may have a `TABLE_NAME` of its own.
            environment: withPrefix({
              ...environment,
              RETENTION_DAYS: String(config.retentionDays),
              VISIBILITY_SECONDS: String(messageLeaseSeconds(tasks)),
            }),
            statements: permissions.runTasksStatements(resources),
          }),
        }
      : {}),
  };
}
