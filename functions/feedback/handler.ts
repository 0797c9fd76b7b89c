import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { writeSendEventAge } from '../adapters/metrics.ts';
import { processFeedback } from '../core/feedback/feedback.ts';
import { createBatchPublish } from '../core/webhook/dispatch.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { batchResponse } from '../runtime/batch-response.ts';
import { required, retentionMs } from '../runtime/env.ts';

const backend = backendFromEnvironment();
const log = createLogger();
const deployment = required('DEPLOYMENT');
const keptMs = retentionMs();
const publishForBatch = createBatchPublish(backend, Date.now);

/** Records the events of SES, which arrive by SNS (raw delivery) and SQS. Answers the messages that must come back. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await processFeedback(
    Records.map(({ messageId, body }) => ({ id: messageId, body })),
    {
      table: backend.table,
      publish: publishForBatch(),
      log,
      now: Date.now,
      retentionMs: keptMs,
      sawSend: (oldestMs) => writeSendEventAge(deployment, Date.now() - oldestMs),
    },
  );
  return batchResponse(failed);
}
