import { webhookEventTypes } from '../../core/event.ts';
import { id, input, list, object, operation, orNull, paging, request, text, time } from '../openapi/parts.ts';
import { changeWebhookSchema, createWebhookSchema } from './schema.ts';

const eventType = { enum: [...webhookEventTypes] };
const webhookReference = object({ object: { const: 'webhook' }, id: text });
const webhookSecret = object({ object: { const: 'webhook' }, id: text, signing_secret: text });
const webhook = {
  id: text,
  endpoint: text,
  created_at: time,
  status: { enum: ['enabled', 'disabled'] },
  events: { type: 'array', items: eventType },
  failing_since: orNull(time),
  disabled_at: orNull(time),
  disabled_reason: orNull(text),
};
const delivery = {
  id: text,
  type: eventType,
  created_at: time,
  status: { enum: ['attempting', 'success', 'failed'] },
};
const attempt = object({
  id: text,
  http_status_code: { type: 'integer', description: '0 when there was no answer' },
  response: text,
  sent_at: time,
  duration_ms: { type: 'integer' },
  headers: {
    ...orNull(object({ 'svix-id': text, 'svix-timestamp': text, 'svix-signature': text })),
    description: 'How it was signed; during a rotation the request had a signature for each earlier secret, too',
  },
});
const eventId = { name: 'eventId', in: 'path', required: true, schema: text };
/** The paths under `/webhooks`. */
export const webhookPaths = () => ({ ...endpointPaths(), ...deliveryPaths() });

function endpointPaths() {
  return {
    '/webhooks': {
      post: operation(
        'createWebhook',
        'Tell an https endpoint of events',
        webhookSecret,
        {
          ...request(input(createWebhookSchema), {
            endpoint: 'https://hooks.example.com/mail',
            events: ['email.bounced'],
          }),
          errors: [451],
        },
        '201',
      ),
      get: operation('listWebhooks', 'List endpoints', list(object(webhook)), { parameters: paging }),
    },
    '/webhooks/{id}': {
      parameters: [id],
      get: operation('getWebhook', 'One endpoint', object({ object: text, ...webhook, signing_secret: orNull(text) })),
      patch: operation('changeWebhook', 'Change an endpoint, disable or enable it', webhookReference, {
        ...request(input(changeWebhookSchema), { status: 'disabled' }),
        errors: [451],
      }),
      delete: operation(
        'deleteWebhook',
        'Tell an endpoint no more',
        object({ object: text, id: text, deleted: { const: true } }),
      ),
    },
    '/webhooks/{id}/signing-secret/rotate': {
      parameters: [id],
      post: operation(
        'rotateSecret',
        'A new secret; each one before signs too for 24 hours after it was replaced',
        webhookSecret,
        // 422: only a few rotations a day are allowed.
        { errors: [422] },
      ),
    },
  };
}

function deliveryPaths() {
  const event = object({
    object: { const: 'webhook_event' },
    ...delivery,
    next_attempt_at: orNull(time),
    payload: { type: 'object' },
  });
  return {
    '/webhooks/{id}/events': {
      parameters: [id],
      get: operation('listWebhookEvents', 'What an endpoint was told', list(object(delivery)), { parameters: paging }),
    },
    '/webhooks/{id}/events/{eventId}': {
      parameters: [id, eventId],
      get: operation('getWebhookEvent', 'One event with its payload', event),
    },
    '/webhooks/{id}/events/{eventId}/attempts': {
      parameters: [id, eventId],
      get: operation('listWebhookAttempts', 'How the endpoint answered, try by try', list(attempt)),
    },
    '/webhooks/{id}/events/{eventId}/replay': {
      parameters: [id, eventId],
      post: operation('replayWebhookEvent', 'Tell it again', object({ object: { const: 'webhook_event' }, id: text }), {
        errors: [422],
      }),
    },
  };
}
