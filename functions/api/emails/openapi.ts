import { emailRequestSchema, limits } from '../../core/email/schema.ts';
import { MOST_SEARCHED } from '../../core/email/search.ts';
import { lastEvents } from '../../core/email/status.ts';
import { webhookEventTypes } from '../../core/event.ts';
import {
  dateOrTime,
  header,
  id,
  input,
  list,
  object,
  operation,
  orNull,
  paging,
  query,
  request,
  text,
  time,
  whole,
} from '../openapi/parts.ts';
import { rescheduleSchema } from './schema.ts';

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
  topic_id: orNull(text),
};
/** With the fields that only some emails have. */
const withMore = (fields: typeof detail) => {
  const schema = object(fields);
  return { ...schema, properties: { ...schema.properties, broadcast_id: text, template_id: text } };
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
    last_at: {
      ...time,
      description: 'Of `email.deferred`: the time of the last wait; `created_at` is that of the first',
    },
    count: { type: 'integer', description: 'Of `email.deferred`: the number of waits' },
  },
  required: ['type', 'created_at'],
};
const webhookDelivery = object({
  id: text,
  type: { enum: [...webhookEventTypes] },
  webhook_id: text,
  endpoint: text,
  created_at: time,
  status: { enum: ['attempting', 'success', 'failed'] },
  attempts: whole,
  last_attempt: orNull(
    object({
      http_status_code: { ...whole, description: '0 when there was no answer' },
      sent_at: time,
      duration_ms: whole,
    }),
  ),
  next_attempt_at: orNull(time),
});
const filters = [
  query('status', `Only with one of these \`last_event\`, separated by commas: ${lastEvents.join(', ')}`),
  query('from', 'Only with this text in the sender, in any case'),
  query('to', 'Only to this address, in `to`, `cc` or `bcc`'),
  query('subject', 'Only with this text in the subject, in any case'),
  query('tag', 'Only with this tag, as `name:value` or `name`'),
  query('since', 'Only accepted then or later', dateOrTime),
  query('until', 'Only accepted before', dateOrTime),
];
const page = list(object(summary));
const emailPage = {
  ...page,
  properties: {
    ...page.properties,
    next: {
      ...text,
      description: 'Of a search that may find more: what `after` (or `before`) is for the next page',
    },
    searched_until: { ...time, description: 'Of a search: when the last email it looked at was accepted' },
  },
};
const validation = header(
  'x-batch-validation',
  '`strict`: one bad entry refuses all. `permissive`: bad entries are told by index.',
  { enum: ['strict', 'permissive'], default: 'strict' },
);
const email = { $ref: '#/components/schemas/Email' };
const batch = { type: 'array', items: email, minItems: 1, maxItems: limits.batch };
const batchResult = {
  type: 'object',
  properties: {
    data: { type: 'array', items: object({ id: text }) },
    errors: { type: 'array', items: object({ index: { type: 'integer' }, message: text }) },
  },
  required: ['data'],
};

/** The schema that the paths refer to as `Email`. */
export const emailComponent = () => input(emailRequestSchema);

/** The paths under `/emails`, without those of attachments. */
export const emailPaths = () => ({
  '/emails': {
    post: operation('sendEmail', 'Accept an email', object({ id: text }), {
      parameters: [idempotencyKey],
      ...request(email, exampleEmail),
      // The template.
      errors: [404],
    }),
    get: operation(
      'listEmails',
      `List emails, newest first. With a filter it is a search, which looks at up to ${MOST_SEARCHED.toLocaleString('en')} emails a call`,
      emailPage,
      { parameters: [...paging, ...filters] },
    ),
  },
  '/emails/batch': {
    post: operation('sendBatch', 'Accept up to 100 emails', batchResult, {
      parameters: [idempotencyKey, validation],
      ...request(batch, [exampleEmail]),
      errors: [404],
    }),
  },
  '/emails/{id}': {
    parameters: [id],
    get: operation('getEmail', 'One email with its content', withMore(detail)),
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
  '/emails/{id}/send-again': {
    parameters: [id],
    post: operation('sendEmailAgain', 'Accept a copy of an email that was sent or has failed', emailReference, {
      parameters: [idempotencyKey],
      errors: [400, 422],
    }),
  },
  '/emails/{id}/raw': {
    parameters: [id],
    get: {
      operationId: 'getRawEmail',
      summary: 'The message as it is handed to SES, without the token of its unsubscribe link',
      errors: [422],
      responses: { 200: { description: 'The message', content: { 'text/plain': { schema: text } } } },
    },
  },
  '/emails/{id}/webhooks': {
    parameters: [id],
    get: operation(
      'listEmailWebhooks',
      'The deliveries of its events to the endpoints that there are, newest first',
      list(webhookDelivery),
    ),
  },
  '/emails/{id}/events': {
    parameters: [id],
    get: operation('listEmailEvents', 'What happened to an email, oldest first', list(event)),
  },
});
