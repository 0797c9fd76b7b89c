import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { createLogger } from '../adapters/logger.ts';
import { createAnnounce } from '../core/announce.ts';
import { settleFeedback } from '../core/feedback.ts';

const backend = backendFromEnvironment();
const dependencies = { table: backend.table, announce: createAnnounce(backend, Date.now), log: createLogger() };

/** Notes what SES reports: SES → SNS (raw delivery) → SQS → here. Answers those events that must come back. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await settleFeedback(
    Records.map(({ messageId, body }) => ({ id: messageId, body })),
    dependencies,
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
