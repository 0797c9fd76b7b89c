import { createPostWebhook } from '../adapters/http/post-webhook.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { DeliveryDependencies } from '../core/webhook/delivery.ts';
import { localEndpointsAllowed, required } from './env.ts';

/** The dependencies of delivering webhooks, from the environment. */
export function webhookDependencies(backend: Backend): DeliveryDependencies {
  return {
    ...backend,
    post: createPostWebhook({ allowLocal: localEndpointsAllowed() }),
    region: required('AWS_REGION'),
    random: Math.random,
  };
}
