import { createLogger } from '../adapters/logger.ts';
import { deliverWebhook } from '../core/webhook/delivery.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { createSqsHandler } from '../runtime/sqs-handler.ts';
import { webhookDependencies } from '../runtime/webhook-dependencies.ts';

const backend = backendFromEnvironment();

/** Delivers the events of a batch of jobs to endpoints. */
export const handler = createSqsHandler('webhook', {
  tasks: [deliverWebhook],
  dependencies: webhookDependencies(backend),
  broker: backend.broker,
  log: createLogger(),
});
