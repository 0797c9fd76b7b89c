import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createSesMailer } from '../adapters/aws/ses-mailer.ts';
import { fetchFile } from '../adapters/http/fetch-file.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { composeMime } from '../adapters/mime/compose.ts';
import { createClaims } from '../core/email/claims.ts';
import { emailSend, emailSent, type SendDependencies } from '../core/email/send.ts';
import { createOutgoingHeaders } from '../core/suppression/unsubscribe-link.ts';
import { createWorker } from '../core/task/worker.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import { publishEvent } from '../core/webhook/publish-task.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { required, requiredNumber } from '../runtime/env.ts';

const backend = backendFromEnvironment();
const outgoingHeaders = createOutgoingHeaders(backend.table, required('PUBLIC_URL'));

const metrics = createMetrics(required('DEPLOYMENT'));
const log = createLogger();

const work = createWorker<SendDependencies>({
  tasks: [emailSend, emailSent, publishEvent],
  dependencies: {
    ...backend,
    mailer: createSesMailer(required('CONFIGURATION_SET')),
    compose: async (record, body, fetchMs) =>
      composeMime(record, { ...body, headers: await outgoingHeaders(record, body.headers) }, fetchFile, fetchMs),
    publish: createPublish(backend, Date.now),
    metrics,
    // Never renewed: a lease outlasts its invocation. What was frozen unfinished finds it ended, and does not send.
    claims: createClaims({ table: backend.table, now: Date.now, log }),
  },
  broker: backend.broker,
  log,
  concurrency: requiredNumber('WORKER_CONCURRENCY'),
  now: Date.now,
  random: Math.random,
});

/** Sends the emails of a batch of jobs; answers those that must come back. */
export const handler = withMetrics(metrics, async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const deliveries = event.Records.map(({ messageId, body, eventSourceARN }) => ({
    id: messageId,
    body,
    queue: queueOf(eventSourceARN),
  }));
  const failed = await work(deliveries, Date.now() + context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

const bulkQueueName = required('BULK_QUEUE_URL').split('/').at(-1);

/** A job that is sent on stays on the queue it came from. */
function queueOf(eventSourceArn: string): 'bulk' | 'transactional' {
  return eventSourceArn.split(':').at(-1) === bulkQueueName ? 'bulk' : 'transactional';
}
