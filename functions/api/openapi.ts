import { permissions } from '../core/api-key.ts';
import { emailSchema, limits } from '../core/email-schema.ts';
import { createKeySchema, renameKeySchema } from './api-keys.ts';
import { rescheduleSchema } from './emails.ts';
import { feedbackPaths } from './openapi-feedback.ts';
import {
  answer,
  header,
  id,
  input,
  list,
  object,
  operation,
  orNull,
  paging,
  request,
  type Schema,
  text,
  time,
} from './openapi-parts.ts';

const idempotencyKey = header('Idempotency-Key', 'The same key and payload within 24 hours make one email.', {
  type: 'string',
  minLength: 1,
  maxLength: limits.idempotencyKeyLength,
});
const addresses = { type: 'array', items: text };
const emailReference = object({ object: { const: 'email' }, id: text });

const summary = {
  id: text,
  message_id: orNull(text),
  from: text,
  to: addresses,
  cc: orNull(addresses),
  bcc: orNull(addresses),
  reply_to: orNull(addresses),
  subject: text,
  created_at: time,
  scheduled_at: orNull(time),
  last_event: text,
};
const tags = { type: 'array', items: object({ name: text, value: text }) };
const detail = {
  object: { const: 'email' },
  ...summary,
  html: orNull(text),
  text: orNull(text),
  tags,
  topic_id: { type: 'null' },
};
const event = {
  type: 'object',
  properties: {
    type: text,
    created_at: time,
    recipient: text,
    reason: text,
    permanent: { type: 'boolean' },
    machine: { type: 'boolean' },
  },
  required: ['type', 'created_at'],
};
const apiKey = object({ id: text, name: text, permission: { enum: [...permissions] }, created_at: time });
const batchResult = {
  type: 'object',
  properties: {
    data: { type: 'array', items: object({ id: text }) },
    errors: { type: 'array', items: object({ index: { type: 'integer' }, message: text }) },
  },
  required: ['data'],
};

/** The API's description in OpenAPI 3.1, from the very schemas that validate requests. */
export function openApi(serverUrl: string): Schema {
  const email = { $ref: '#/components/schemas/Email' };
  const batch = { type: 'array', items: email, minItems: 1, maxItems: limits.batch };
  const validation = header(
    'x-batch-validation',
    '`strict`: one bad entry refuses all. `permissive`: bad entries are told by index.',
    {
      enum: ['strict', 'permissive'],
      default: 'strict',
    },
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sendoff',
      version: '0.1.0',
      description: 'Accepts e-mail at once and sends it after. Wire-compatible with Resend.',
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    paths: {
      '/emails': {
        post: operation('sendEmail', 'Accept an email', object({ id: text }), {
          parameters: [idempotencyKey],
          ...request(email),
        }),
        get: operation('listEmails', 'List emails, newest first', list(object(summary)), { parameters: paging }),
      },
      '/emails/batch': {
        post: operation('sendBatch', 'Accept up to 100 emails', batchResult, {
          parameters: [idempotencyKey, validation],
          ...request(batch),
        }),
      },
      '/emails/{id}': {
        parameters: [id],
        get: operation('getEmail', 'One email with its content', object(detail)),
        patch: operation(
          'rescheduleEmail',
          'Give a scheduled email another time',
          emailReference,
          request(input(rescheduleSchema)),
        ),
      },
      '/emails/{id}/cancel': {
        parameters: [id],
        post: operation('cancelEmail', 'Stop an email that is not sent yet', emailReference),
      },
      '/emails/{id}/retry': {
        parameters: [id],
        post: operation('retryEmail', 'Send a failed email again', emailReference),
      },
      '/emails/{id}/events': {
        parameters: [id],
        get: operation('listEmailEvents', 'What happened to an email, oldest first', list(event)),
      },
      '/api-keys': {
        post: operation(
          'createApiKey',
          'Make an API key; its token is told once',
          object({ id: text, token: text }),
          request(input(createKeySchema)),
          '201',
        ),
        get: operation('listApiKeys', 'List API keys', list(apiKey), { parameters: paging }),
      },
      '/api-keys/{id}': {
        parameters: [id],
        patch: operation(
          'renameApiKey',
          'Rename an API key',
          object({ object: text, id: text }),
          request(input(renameKeySchema)),
        ),
        delete: operation(
          'deleteApiKey',
          'Delete an API key',
          object({ object: text, id: text, deleted: { const: true } }),
        ),
      },
      ...feedbackPaths(),
      '/health': {
        get: { ...operation('health', 'Is the API there', object({ status: { const: 'ok' } })), security: [] },
      },
      '/openapi.json': { get: { ...operation('openApi', 'This description', { type: 'object' }), security: [] } },
    },
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Email: input(emailSchema) },
      responses: {
        Error: answer('What went wrong', object({ statusCode: { type: 'integer' }, name: text, message: text })),
      },
    },
  };
}
