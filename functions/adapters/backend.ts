import type { Backend } from '../core/ports.ts';
import { createAwsBackend } from './aws-backend.ts';
import { queueUrls, required } from './env.ts';

/** The backend that the function's environment names. */
export function backendFromEnvironment(): Backend {
  return createAwsBackend({
    tableName: required('TABLE_NAME'),
    bodyBucket: required('BODY_BUCKET'),
    queueUrls: queueUrls(),
  });
}
