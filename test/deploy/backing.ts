import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { clientOptions } from './aws-clients.ts';
import type { Backing, BackingPlace } from './backing-interface.ts';
import { countJobs, sendQueueUrls } from './queues.ts';
import { openRedisBacking } from './redis-backing.ts';

/** Opens the SQS and DynamoDB of a deployment, or its Redis. */
export function openBacking({ endpoint, outputs, redis }: BackingPlace): Backing {
  if (redis) return openRedisBacking(redis, outputs.RedisNamespace ?? '');
  return {
    table: createDynamoTable(new DynamoDBClient(clientOptions(endpoint)), outputs.TableName ?? ''),
    jobsLeft: () => countJobs(endpoint, sendQueueUrls(outputs)),
    deadLetters: () => countJobs(endpoint, [outputs.DeadLetterQueueUrl ?? '']),
  };
}
