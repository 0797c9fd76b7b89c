import { createAwsBackend } from '../adapters/aws/backend.ts';
import type { Backend } from '../core/ports/backend.ts';
import { queueUrls, required } from './env.ts';

/** The backend on SQS and DynamoDB whose resources the function's environment names. */
export function awsFromEnvironment(): Backend {
  return createAwsBackend({
    tableName: required('TABLE_NAME'),
    bodyBucket: required('BODY_BUCKET'),
    queueUrls: queueUrls(),
  });
}
