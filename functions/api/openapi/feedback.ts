import { webhookEventTypes } from '../../core/event.ts';
import { suppressionOrigins } from '../../core/suppression/suppression.ts';
import { addSuppressionSchema, addSuppressionsSchema, removeSuppressionsSchema } from '../suppressions/routes.ts';
import { changeWebhookSchema, createWebhookSchema } from '../webhooks/routes.ts';
import { id, input, json, list, object, operation, orNull, paging, request, type Schema, text, time } from './parts.ts';

const suppressionReference = object({ object: { const: 'suppression' }, id: text });
const suppressionRemoval = object({ object: { const: 'suppression' }, id: text, deleted: { type: 'boolean' } });
const suppression = {
  id: text,
  email: text,
  origin: { enum: [...suppressionOrigins] },
  source_id: orNull(text),
  created_at: time,
  senders: orNull({ type: 'array', items: text, description: 'Only from these senders; null: from nobody' }),
};
const origin = { name: 'origin', in: 'query', schema: { enum: [...suppressionOrigins] } };
const idOrEmail = { name: 'idOrEmail', in: 'path', required: true, schema: text };

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
});
const eventId = { name: 'eventId', in: 'path', required: true, schema: text };
const token = { name: 'token', in: 'path', required: true, schema: text };

/** The routes about what became of emails: suppressions, webhooks, unsubscribing. */
export function feedbackPaths(): Record<string, Schema> {
  return { ...suppressionPaths(), ...webhookPaths(), ...deliveryPaths(), ...unsubscribePaths() };
}

function suppressionPaths(): Record<string, Schema> {
  const many = (item: Schema) => object({ data: { type: 'array', items: item } });
  return {
    '/suppressions': {
      post: operation(
        'addSuppression',
        'Send to this address no more',
        suppressionReference,
        request(input(addSuppressionSchema), { email: 'someone@example.com' }),
        '201',
      ),
      get: operation('listSuppressions', 'List suppressed addresses, newest first', list(object(suppression)), {
        parameters: [...paging, origin],
      }),
    },
    '/suppressions/batch/add': {
      post: operation(
        'addSuppressions',
        'Suppress up to 100 addresses',
        many(suppressionReference),
        request(input(addSuppressionsSchema), { emails: ['someone@example.com'] }),
        '201',
      ),
    },
    '/suppressions/batch/remove': {
      post: operation(
        'removeSuppressions',
        'Send to up to 100 addresses again, named by address or by id',
        many(suppressionRemoval),
        request(input(removeSuppressionsSchema), { emails: ['someone@example.com'] }),
      ),
    },
    '/suppressions/{idOrEmail}': {
      parameters: [idOrEmail],
      get: operation('getSuppression', 'One suppressed address', object({ object: text, ...suppression })),
      delete: operation('removeSuppression', 'Send to this address again', suppressionRemoval),
    },
  };
}

function webhookPaths(): Record<string, Schema> {
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
      get: operation('getWebhook', 'One endpoint', object({ object: text, ...webhook, signing_secret: text })),
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
        // A few rotations a day.
        { errors: [422] },
      ),
    },
  };
}

function deliveryPaths(): Record<string, Schema> {
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

function unsubscribePaths(): Record<string, Schema> {
  const page = (description: string) => ({ description, content: { 'text/html': { schema: text } } });
  const html = (operationId: string, summary: string) => ({
    operationId,
    summary,
    security: [],
    responses: {
      200: page('A page'),
      404: {
        description: 'The link is not valid',
        content: { ...page('').content, ...json(object({ message: text })) },
      },
    },
  });
  return {
    '/unsubscribe/{token}': {
      parameters: [token],
      get: html('showUnsubscribe', 'A page with a button; changes nothing'),
      post: html('unsubscribe', 'Send to this address no more from this sender (RFC 8058)'),
    },
  };
}
