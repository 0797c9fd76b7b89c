import type { SQSBatchResponse } from 'aws-lambda';

/** The answer of a function to SQS: these messages come back, all others are acknowledged. */
export function batchResponse(failed: readonly string[]): SQSBatchResponse {
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
