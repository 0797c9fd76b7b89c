import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  type QueueDefinition,
  type QueueName,
  queueNames,
  queues as queueTable,
  queueUrlVariable,
} from '../../functions/core/queues.ts';
import type { Config } from '../config.ts';
import { BodyBucket } from '../constructs/body-bucket.ts';
import { DocumentTable } from '../constructs/document-table.ts';
import { sqsDeadLetters, workQueueMetrics } from '../constructs/monitoring/metrics.ts';
import * as permissions from '../constructs/permissions.ts';
import { SendoffFunction, type SendoffFunctionProps } from '../constructs/sendoff-function.ts';
import type { Resources } from '../constructs/statements.ts';
import { WorkQueue } from '../constructs/work-queue.ts';
import { BATCH_SIZE, forEachQueue, type QueueWorker, queueId, queueUrlOutput } from '../queues.ts';
import { type BackendParts, type BackendProps, sendVariables } from './parts.ts';

/** The parts of `backend: 'aws'`. */
export interface AwsParts extends BackendParts {
  readonly functions: AwsFunctions;
  /** The SQS queues by name. */
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  /** The DynamoDB table of all documents. */
  readonly table: DocumentTable;
  /** The S3 bucket of the bodies that are too large for the table. */
  readonly bodyBucket: BodyBucket;
}

/** The functions that only `backend: 'aws'` has. */
export type AwsFunctions = Readonly<Record<QueueWorker, SendoffFunction>> & {
  /** Queues scheduled emails shortly before they are due. */
  readonly schedule: SendoffFunction;
};

const SCHEDULE_TIMEOUT = Duration.seconds(60);
/** Twice the time within which an endpoint must answer. */
const WEBHOOK_TIMEOUT = Duration.seconds(30);
const WEBHOOK_MEMORY_MB = 256;

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
    ...Object.fromEntries(queueNames.map((name) => [queueUrlVariable(name), queues[name].queueUrl])),
    DEPLOYMENT: deployment,
  };
  const resources = { table, bodyBucket, queues, sesSending };
  const functions = createFunctions(scope, props, resources, environment);
  for (const name of queueNames) {
    const { worker, concurrencyOption } = queueTable[name];
    const maxBatchingWindow = batchingWindow(name);
    functions[worker].consume(queueId(name), queues[name], config[concurrencyOption], { maxBatchingWindow });
  }
  permissions.acknowledgeBodies(scope, resources);
  permissions.acknowledgeReadSesQuota(functions.send, functions.schedule);
  return {
    queues,
    table,
    bodyBucket,
    environment,
    acceptStatements: permissions.acceptStatements(resources),
    apiStatements: permissions.apiStatements(resources),
    feedbackStatements: permissions.feedbackStatements(resources),
    functions,
    sender: functions.send,
    everyMinute: functions.schedule,
    metrics: {
      queues: queueNames.map((name) => workQueueMetrics(name, queues[name])),
      deadLetters: [sqsDeadLetters(props.deadLetterQueue, 'jobs')],
      deadLettersKept: 'They are kept for 14 days.',
    },
    outputs: {
      TableName: table.tableName,
      BodyBucketName: bodyBucket.bucketName,
      ...Object.fromEntries(queueNames.map((name) => [queueUrlOutput(name), queues[name].queueUrl])),
      SendFunctionName: functions.send.functionName,
      ScheduleFunctionName: functions.schedule.functionName,
    },
  };
}

function createQueues(scope: Construct, { config, deadLetterQueue }: BackendProps): AwsParts['queues'] {
  const { maxReceiveCount } = config;
  const timeouts = workerTimeouts(config);
  return forEachQueue((name) => {
    const props = { workerTimeout: timeouts[queueTable[name].worker], maxBatchingWindow: batchingWindow(name) };
    return new WorkQueue(scope, `${queueId(name)}Queue`, { deadLetterQueue, maxReceiveCount, ...props });
  });
}

function batchingWindow(name: QueueName): Duration | undefined {
  const { batchingWindowSeconds }: QueueDefinition = queueTable[name];
  return batchingWindowSeconds === undefined ? undefined : Duration.seconds(batchingWindowSeconds);
}

function workerTimeouts({ sendTimeoutSeconds }: Config): Readonly<Record<QueueWorker, Duration>> {
  return { send: Duration.seconds(sendTimeoutSeconds), webhook: WEBHOOK_TIMEOUT };
}

function createFunctions(
  scope: Construct,
  props: BackendProps,
  resources: Resources,
  environment: Readonly<Record<string, string>>,
): AwsFunctions {
  const { config } = props;
  const timeouts = workerTimeouts(config);
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
      timeout: SCHEDULE_TIMEOUT,
      memoryMb: config.scheduleMemoryMb,
      environment,
      statements: permissions.scheduleStatements(resources),
    }),
    webhook: create('WebhookFunction', {
      handler: 'webhook',
      description: 'Delivers events to webhook endpoints',
      timeout: timeouts.webhook,
      memoryMb: WEBHOOK_MEMORY_MB,
      environment: workerEnvironment,
      statements: permissions.webhookStatements(resources),
    }),
  };
}
