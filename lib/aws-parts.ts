import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { QueueName } from '../functions/core/ports.ts';
import type { Config } from './config.ts';
import { BodyBucket } from './constructs/body-bucket.ts';
import { DocumentTable } from './constructs/document-table.ts';
import { DeadLetterQueue, WorkQueue } from './constructs/work-queue.ts';

/** What only the backend `aws` is made of. */
export interface AwsParts {
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly deadLetterQueue: DeadLetterQueue;
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
  /** Where all of it is, for a function's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Makes table, bucket and queues, directly in `scope`. */
export function createAwsParts(scope: Construct, config: Config): AwsParts {
  const table = new DocumentTable(scope, 'Table', config);
  const bodyBucket = new BodyBucket(scope, 'BodyBucket', config);
  const deadLetterQueue = new DeadLetterQueue(scope, 'DeadLetterQueue');
  const props = {
    deadLetterQueue,
    maxReceiveCount: config.maxReceiveCount,
    workerTimeout: Duration.seconds(config.sendTimeoutSeconds),
  };
  const queues = {
    transactional: new WorkQueue(scope, 'TransactionalQueue', props),
    bulk: new WorkQueue(scope, 'BulkQueue', props),
  };
  const environment = {
    TABLE_NAME: table.tableName,
    BODY_BUCKET: bodyBucket.bucketName,
    TRANSACTIONAL_QUEUE_URL: queues.transactional.queueUrl,
    BULK_QUEUE_URL: queues.bulk.queueUrl,
  };
  return { queues, deadLetterQueue, table, bodyBucket, environment };
}
