import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { clientOptions } from './aws-clients.ts';
import { countJobs, sendQueueUrls } from './queues.ts';
import { openRedisBacking } from './redis-backing.ts';

/** Where a deployment keeps documents and jobs, as a test looks into it. */
export interface Backing {
  /** The service's own table, as its functions see it. */
  readonly table: Table;
  /** Jobs of the send function that wait, are delayed or are in its hands. */
  jobsLeft(): Promise<number>;
  /** Jobs that the workers gave up. */
  deadLetters(): Promise<number>;
}

/** What of a deployment tells where that is. */
export interface BackingPlace {
  readonly endpoint: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** With `backend=redis`: the database. */
  readonly redis?: { readonly url: string; readonly token: string } | undefined;
}

/** SQS and DynamoDB of a deployment, or its Redis. */
export function openBacking({ endpoint, outputs, redis }: BackingPlace): Backing {
  if (redis) return openRedisBacking(redis, outputs.RedisNamespace ?? '');
  return {
    table: createDynamoTable(new DynamoDBClient(clientOptions(endpoint)), outputs.TableName ?? ''),
    jobsLeft: () => countJobs(endpoint, sendQueueUrls(outputs)),
    deadLetters: () => countJobs(endpoint, [outputs.DeadLetterQueueUrl ?? '']),
  };
}
