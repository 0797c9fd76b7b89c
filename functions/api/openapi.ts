import * as z from 'zod/mini';
import { permissions } from '../core/api-key.ts';
import { emailSchema, limits } from '../core/email-schema.ts';
import { createKeySchema, renameKeySchema } from './api-keys.ts';
import { rescheduleSchema } from './emails.ts';

type Schema = Record<string, unknown>;

const json = (schema: Schema) => ({ 'application/json': { schema } });
const request = (schema: Schema) => ({ requestBody: { required: true, content: json(schema) } });
const answer = (description: string, schema: Schema) => ({ description, content: json(schema) });
const error = { $ref: '#/components/responses/Error' };
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
const header = (name: string, description: string, schema: Schema) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});
const idempotencyKey = header('Idempotency-Key', 'The same key and payload within 24 hours make one email.', {
  type: 'string',
  minLength: 1,
  maxLength: limits.idempotencyKeyLength,
});
const paging = [
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
  { name: 'after', in: 'query', description: 'Only what is older than this id', schema: { type: 'string' } },
  { name: 'before', in: 'query', description: 'Only what is newer than this id', schema: { type: 'string' } },
];

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const orNull = (schema: Schema) => ({ anyOf: [schema, { type: 'null' }] });
const object = (properties: Record<string, Schema>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
const list = (items: Schema) =>
  object({ object: { const: 'list' }, has_more: { type: 'boolean' }, data: { type: 'array', items } });
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
  properties: { type: text, created_at: time, reason: text },
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

const operation = (operationId: string, summaryText: string, ok: Schema, more: Schema = {}, status = '200') => ({
  operationId,
  summary: summaryText,
  ...more,
  responses: { [status]: answer('Done', ok), default: error },
});

/** The API's description in OpenAPI 3.1, from the very schemas that validate requests. */
export function openApi(serverUrl: string): Schema {
  const input = (schema: z.core.$ZodType): Schema => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
    return rest;
  };
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
