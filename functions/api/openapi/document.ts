import packageJson from '../../../package.json' with { type: 'json' };
import { permissions } from '../../core/access/api-key.ts';
import { emailSchema, limits } from '../../core/email/schema.ts';
import { lastEvents } from '../../core/email/status.ts';
import { createKeySchema, renameKeySchema } from '../api-keys/routes.ts';
import { rescheduleSchema } from '../emails/routes.ts';
import { errorResponses, withErrors } from './errors.ts';
import { feedbackPaths } from './feedback.ts';
import {
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
} from './parts.ts';

const idempotencyKey = header('Idempotency-Key', 'The same key and payload within 24 hours make one email.', {
  type: 'string',
  minLength: 1,
  maxLength: limits.idempotencyKeyLength,
});
const addresses = { type: 'array', items: text };
const emailReference = object({ object: { const: 'email' }, id: text });

const exampleEmail = {
  from: 'Shop <orders@example.com>',
  to: 'success@simulator.amazonses.com',
  subject: 'Your order',
  html: '<p>It is on its way.</p>',
  tags: [{ name: 'kind', value: 'order' }],
  attachments: [{ filename: 'order.txt', content: 'MSBib29r' }],
};
const summary = {
  id: text,
  message_id: { type: 'string', description: 'The Message-ID header; empty until SES has taken the email' },
  from: text,
  to: addresses,
  cc: orNull(addresses),
  bcc: orNull(addresses),
  reply_to: orNull(addresses),
  subject: text,
  created_at: time,
  scheduled_at: orNull(time),
  last_event: { enum: lastEvents },
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
const attachment = {
  type: 'object',
  properties: {
    id: text,
    filename: text,
    size: { type: 'integer', description: 'Bytes; 0 for a file given by `path`, which is not kept' },
    content_type: text,
    content_disposition: { enum: ['inline', 'attachment'] },
    content_id: text,
    download_url: { type: 'string', description: 'Answers the bytes without a key; the `path` of a file given so' },
    expires_at: time,
  },
  required: ['id', 'size', 'content_type', 'content_disposition', 'download_url', 'expires_at'],
};
const apiKey = object({
  id: text,
  name: text,
  permission: { enum: [...permissions] },
  domain_id: orNull(text),
  created_at: time,
  last_used_at: { anyOf: [time, { type: 'null' }], description: 'To the hour' },
});
const capability = { enum: ['enabled', 'disabled'] };
const domain = {
  id: text,
  name: text,
  status: { enum: ['not_started', 'pending', 'verified', 'failed', 'partially_failed'] },
  created_at: { ...time, description: 'Always 1970: SES does not tell it' },
  region: text,
  capabilities: object({ sending: capability, receiving: capability }),
};
const domainRecord = object({
  record: { const: 'DKIM' },
  name: text,
  type: { const: 'CNAME' },
  ttl: text,
  status: { enum: ['not_started', 'pending', 'verified', 'failed', 'temporary_failure'] },
  value: text,
});
const attachmentId = { name: 'attachmentId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
/** The two parts of a download link that make it a right. */
const signedLink = ['expires', 'signature'].map((name) => ({ name, in: 'query', required: true, schema: text }));
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
      version: packageJson.version,
      license: { name: packageJson.license, identifier: packageJson.license },
      description:
        'Accepts e-mail at once and sends it after. Wire-compatible with Resend. A method that a path does not have is answered 405, with the header `Allow`.',
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    paths: withErrors({
      '/emails': {
        post: operation('sendEmail', 'Accept an email', object({ id: text }), {
          parameters: [idempotencyKey],
          ...request(email, exampleEmail),
        }),
        get: operation('listEmails', 'List emails, newest first', list(object(summary)), { parameters: paging }),
      },
      '/emails/batch': {
        post: operation('sendBatch', 'Accept up to 100 emails', batchResult, {
          parameters: [idempotencyKey, validation],
          ...request(batch, [exampleEmail]),
        }),
      },
      '/emails/{id}': {
        parameters: [id],
        get: operation('getEmail', 'One email with its content', object(detail)),
        patch: operation(
          'rescheduleEmail',
          'Give a scheduled email another time',
          emailReference,
          request(input(rescheduleSchema), { scheduled_at: 'in 1 hour' }),
        ),
      },
      '/emails/{id}/cancel': {
        parameters: [id],
        post: operation('cancelEmail', 'Stop an email that is not sent yet', emailReference, { errors: [422] }),
      },
      '/emails/{id}/retry': {
        parameters: [id],
        post: operation('retryEmail', 'Send a failed email again', emailReference, { errors: [422] }),
      },
      '/emails/{id}/events': {
        parameters: [id],
        get: operation('listEmailEvents', 'What happened to an email, oldest first', list(event)),
      },
      '/emails/{id}/attachments': {
        parameters: [id],
        get: operation('listEmailAttachments', 'The files of an email', list(attachment), { parameters: paging }),
      },
      '/emails/{id}/attachments/{attachmentId}': {
        parameters: [id, attachmentId],
        get: operation('getEmailAttachment', 'One file of an email, and where its bytes are', {
          allOf: [object({ object: { const: 'attachment' } }), attachment],
        }),
      },
      '/attachments/{id}/{attachmentId}': {
        parameters: [id, attachmentId],
        get: {
          operationId: 'downloadAttachment',
          summary: 'The bytes of a file, by its `download_url`',
          security: [],
          parameters: signedLink,
          errors: [406],
          responses: { 200: { description: 'The file', content: { 'application/octet-stream': { schema: {} } } } },
        },
      },
      '/api-keys': {
        post: operation(
          'createApiKey',
          'Make an API key; its token is told once',
          object({ id: text, token: text }),
          // 404: there is no domain with that id.
          { ...request(input(createKeySchema), { name: 'Shop', permission: 'sending_access' }), errors: [404] },
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
          request(input(renameKeySchema), { name: 'Store' }),
        ),
        delete: operation(
          'deleteApiKey',
          'Delete an API key',
          object({ object: text, id: text, deleted: { const: true } }),
          // The last one with full access is not deleted.
          { errors: [422] },
        ),
      },
      '/domains': {
        get: operation('listDomains', 'The domains that SES knows', list(object(domain)), { parameters: paging }),
      },
      '/domains/{id}': {
        parameters: [id],
        get: operation(
          'getDomain',
          'One domain with its DKIM records',
          object({ object: { const: 'domain' }, ...domain, records: { type: 'array', items: domainRecord } }),
        ),
      },
      ...feedbackPaths(),
      '/health': {
        get: { ...operation('health', 'Is the API there', object({ status: { const: 'ok' } })), security: [] },
      },
      '/openapi.json': { get: { ...operation('openApi', 'This description', { type: 'object' }), security: [] } },
    }),
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Email: input(emailSchema) },
      responses: errorResponses,
    },
  };
}
