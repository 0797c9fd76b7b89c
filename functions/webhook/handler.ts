import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createPostWebhook } from '../adapters/http/post-webhook.ts';
import { createLogger } from '../adapters/logger.ts';
import { createWorker } from '../core/task/worker.ts';
import { deliverWebhook } from '../core/webhook/delivery.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { localEndpointsAllowed, required, requiredNumber } from '../runtime/env.ts';

const backend = backendFromEnvironment();

const work = createWorker({
  tasks: [deliverWebhook],
  dependencies: {
    ...backend,
    post: createPostWebhook({ allowLocal: localEndpointsAllowed() }),
    region: required('AWS_REGION'),
    random: Math.random,
  },
  broker: backend.broker,
  log: createLogger(),
  concurrency: requiredNumber('WORKER_CONCURRENCY'),
  now: Date.now,
  random: Math.random,
});

/** Tells endpoints what happened; answers the jobs that must come back. */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const deliveries = Records.map(({ messageId, body, eventSourceARN }) => ({
    id: messageId,
    body,
    queue: queueOf(eventSourceARN),
  }));
  const failed = await work(deliveries, Date.now() + context.getRemainingTimeInMillis());
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

const slowQueueName = required('WEBHOOK_SLOW_QUEUE_URL').split('/').at(-1);

function queueOf(eventSourceArn: string): 'webhook' | 'webhook-slow' {
  return eventSourceArn.split(':').at(-1) === slowQueueName ? 'webhook-slow' : 'webhook';
}
