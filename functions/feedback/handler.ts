import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { createLogger } from '../adapters/logger.ts';
import { createBatchAnnounce } from '../core/announce.ts';
import { settleFeedback } from '../core/feedback.ts';

const backend = backendFromEnvironment();
const log = createLogger();
const announceOfBatch = createBatchAnnounce(backend, Date.now);

/** Notes what SES reports: SES → SNS (raw delivery) → SQS → here. Answers those events that must come back. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await settleFeedback(
    Records.map(({ messageId, body }) => ({ id: messageId, body })),
    { table: backend.table, announce: announceOfBatch(), log },
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
