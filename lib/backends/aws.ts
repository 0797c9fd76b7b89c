import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { QueueName } from '../../functions/core/queues.ts';
import type { Config } from '../config.ts';
import { BodyBucket } from '../constructs/body-bucket.ts';
import { DocumentTable } from '../constructs/document-table.ts';
import {
  BULK_PATIENCE,
  longestWait,
  SLOW_ENDPOINT_PATIENCE,
  sqsDeadLetters,
  sqsQueue,
} from '../constructs/monitoring/metrics.ts';
import * as permissions from '../constructs/permissions.ts';
import { WorkQueue } from '../constructs/work-queue.ts';
import { BATCH_SIZE, WorkerFunction, type WorkerFunctionProps } from '../constructs/worker-function.ts';
import type { BackendParts, BackendProps } from './parts.ts';

/** What only the backend `aws` is made of. */
export interface AwsParts extends BackendParts {
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
}

const SCHEDULE_TIMEOUT = Duration.seconds(60);
const SCHEDULE_MEMORY_MB = 256;
/** Twice what an endpoint may take to answer. */
const WEBHOOK_TIMEOUT = Duration.seconds(30);
const WEBHOOK_MEMORY_MB = 256;

/** Makes table, bucket, queues and the functions that work on them, directly in `scope`. */
export function createAwsParts(scope: Construct, props: BackendProps): AwsParts {
  const { config, sesSending, deployment } = props;
  const table = new DocumentTable(scope, 'Table', config);
  const bodyBucket = new BodyBucket(scope, 'BodyBucket', config);
  const queues = createQueues(scope, props);
  const environment = {
    TABLE_NAME: table.tableName,
    BODY_BUCKET: bodyBucket.bucketName,
    TRANSACTIONAL_QUEUE_URL: queues.transactional.queueUrl,
    BULK_QUEUE_URL: queues.bulk.queueUrl,
    WEBHOOK_QUEUE_URL: queues.webhook.queueUrl,
    WEBHOOK_SLOW_QUEUE_URL: queues['webhook-slow'].queueUrl,
    DEPLOYMENT: deployment,
  };
  const resources = { table, bodyBucket, queues, sesSending };
  const workers = createWorkers(scope, props, resources, environment);
  workers.send.consume('Transactional', queues.transactional, config.maxConcurrency);
  workers.send.consume('Bulk', queues.bulk, config.bulkMaxConcurrency);
  workers.webhook.consume('Webhook', queues.webhook, config.webhookMaxConcurrency);
  workers.webhook.consume('WebhookSlow', queues['webhook-slow'], config.webhookMaxConcurrency);
  permissions.acknowledgeBodies(scope, resources);
  return {
    queues,
    table,
    bodyBucket,
    environment,
    acceptStatements: permissions.acceptStatements(resources),
    apiStatements: permissions.apiStatements(resources),
    feedbackStatements: permissions.feedbackStatements(resources),
    workers,
    metrics: metrics(queues, props),
  };
}

function metrics(queues: AwsParts['queues'], { deadLetterQueue }: BackendProps): BackendParts['metrics'] {
  const monitor = (name: QueueName, workersOption: keyof Config, patience = Duration.minutes(0)) => {
    const queue = queues[name];
    return sqsQueue(queue, { name, workersOption, allowedAge: longestWait(queue).plus(patience) });
  };
  return {
    queues: [
      monitor('transactional', 'maxConcurrency'),
      monitor('bulk', 'bulkMaxConcurrency', BULK_PATIENCE),
      monitor('webhook', 'webhookMaxConcurrency'),
      monitor('webhook-slow', 'webhookMaxConcurrency', SLOW_ENDPOINT_PATIENCE),
    ],
    deadLetters: [sqsDeadLetters(deadLetterQueue, 'jobs')],
    deadLettersKept: 'They are kept for 14 days.',
  };
}

function createQueues(scope: Construct, { config, deadLetterQueue }: BackendProps): AwsParts['queues'] {
  const props = {
    deadLetterQueue,
    maxReceiveCount: config.maxReceiveCount,
    workerTimeout: Duration.seconds(config.sendTimeoutSeconds),
  };
  return {
    transactional: new WorkQueue(scope, 'TransactionalQueue', props),
    bulk: new WorkQueue(scope, 'BulkQueue', props),
    webhook: new WorkQueue(scope, 'WebhookQueue', { ...props, workerTimeout: WEBHOOK_TIMEOUT }),
    'webhook-slow': new WorkQueue(scope, 'WebhookSlowQueue', { ...props, workerTimeout: WEBHOOK_TIMEOUT }),
  };
}

function createWorkers(
  scope: Construct,
  { config, sesSending }: BackendProps,
  resources: permissions.Resources,
  environment: Readonly<Record<string, string>>,
): Required<BackendParts['workers']> {
  const create = (id: string, props: Omit<WorkerFunctionProps, 'runtime'>) =>
    new WorkerFunction(scope, id, { ...props, runtime: config });
  return {
    send: create('SendFunction', {
      handler: 'send',
      description: 'Sends queued emails through Amazon SES',
      timeout: Duration.seconds(config.sendTimeoutSeconds),
      memoryMb: config.sendMemoryMb,
      environment: {
        ...environment,
        CONFIGURATION_SET: sesSending.configurationSet.configurationSetName,
        // All jobs of a batch at once: they wait for SES, not for the CPU.
        WORKER_CONCURRENCY: String(BATCH_SIZE),
      },
      statements: permissions.sendStatements(resources),
    }),
    schedule: create('ScheduleFunction', {
      handler: 'schedule',
      description: 'Queues scheduled emails shortly before they are due, and those whose job was lost',
      timeout: SCHEDULE_TIMEOUT,
      memoryMb: SCHEDULE_MEMORY_MB,
      environment,
      statements: permissions.scheduleStatements(resources),
    }),
    webhook: create('WebhookFunction', {
      handler: 'webhook',
      description: 'Tells endpoints what happened',
      timeout: WEBHOOK_TIMEOUT,
      memoryMb: WEBHOOK_MEMORY_MB,
      environment: { ...environment, WORKER_CONCURRENCY: String(BATCH_SIZE) },
      statements: permissions.webhookStatements(resources),
    }),
  };
}
