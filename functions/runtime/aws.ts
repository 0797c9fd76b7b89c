import { createAwsBackend } from '../adapters/aws/backend.ts';
import type { Backend } from '../core/ports/backend.ts';
import { type Environment, indexShards, queueUrls, required } from './env.ts';

/** The backend on SQS and DynamoDB whose resources the environment names. */
export function awsFromEnvironment(env?: Environment): Backend {
  return createAwsBackend({
    tableName: required('TABLE_NAME', env),
    bodyBucket: required('BODY_BUCKET', env),
    queueUrls: queueUrls(env),
    indexShards: indexShards(env),
  });
}
