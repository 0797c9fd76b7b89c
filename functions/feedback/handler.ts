import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { writeFeedbackCounts, writeSendEventAge } from '../adapters/metrics.ts';
import { createWriters } from '../core/document/writers.ts';
import { processFeedback } from '../core/feedback/feedback.ts';
import { createBatchPublish } from '../core/webhook/dispatch.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { batchResponse } from '../runtime/batch-response.ts';
import { required, retentionMs } from '../runtime/env.ts';

const backend = backendFromEnvironment();
const log = createLogger();
const deployment = required('DEPLOYMENT');
const keptMs = retentionMs();
const asWriter = createWriters(Date.now);
const publishForBatch = createBatchPublish(backend, Date.now);

/** Records the events of SES, which arrive by SNS (raw delivery) and SQS. Answers the messages that must come back. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const counts = { delivered: 0, bounced: 0, complained: 0 };
  const failed = await processFeedback(
    Records.map(({ messageId, body }) => ({ id: messageId, body })),
    {
      table: backend.table,
      asWriter,
      publish: publishForBatch(),
      log,
      now: Date.now,
      retentionMs: keptMs,
      sawSend: (oldestMs) => writeSendEventAge(deployment, Date.now() - oldestMs),
      counted: (event) => {
        counts[event]++;
      },
    },
  );
  writeFeedbackCounts(deployment, counts);
  return batchResponse(failed);
}
