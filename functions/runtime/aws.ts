import { SQSClient } from '@aws-sdk/client-sqs';
import { createAwsBackend } from '../adapters/aws/backend.ts';
import { clientOptions } from '../adapters/aws/clients.ts';
import { queueDepth } from '../adapters/aws/sqs-depth.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Backlog } from '../core/ports/broker.ts';
import type { QueueName } from '../core/queues.ts';
import { type Environment, indexShards, queueUrl, queueUrls, required } from './env.ts';

/** The backend on SQS and DynamoDB whose resources the environment names. */
export function awsFromEnvironment(env?: Environment): Backend {
  return createAwsBackend({
    tableName: required('TABLE_NAME', env),
    bodyBucket: required('BODY_BUCKET', env),
    queueUrls: queueUrls(env),
    indexShards: indexShards(env),
  });
}

/** Counts the jobs on the queues of SQS that the environment names. */
export function backlogFromEnvironment(env?: Environment): (queue: QueueName) => Promise<Backlog> {
  const client = new SQSClient(clientOptions);
  const urls = queueUrls(env);
  return async (queue) => {
    const { waiting, running, delayed } = await queueDepth(client, urls[queue] ?? queueUrl(queue, env));
    return { jobs: waiting + running + delayed };
  };
}
