import { limits } from '../../core/email/schema.ts';
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
} from '../openapi/parts.ts';
import { listClickedLinks, listRecipients } from './lists-openapi.ts';
import {
  changeBroadcastSchema,
  createBroadcastSchema,
  pieceSchema,
  recipientsSchema,
  sendBroadcastSchema,
  testBroadcastSchema,
} from './schema.ts';

const idempotencyKey = header('Idempotency-Key', 'The same key within 24 hours does the same only once.', {
  type: 'string',
  minLength: 1,
  maxLength: limits.idempotencyKeyLength,
});
const reference = object({ object: { const: 'broadcast' }, id: text });
const count = { type: 'integer', minimum: 0 };
const summary = {
  id: text,
  name: text,
  audience_id: orNull(text),
  segment_id: orNull(text),
  topic_id: orNull(text),
  status: { enum: ['draft', 'scheduled', 'queued', 'paused', 'sent', 'canceled', 'failed'] },
  created_at: time,
  scheduled_at: orNull(time),
  sent_at: orNull(time),
};
const progress = object({
  total: count,
  sent: count,
  delivered: count,
  bounced: count,
  complained: count,
  suppressed: count,
  unsubscribed: count,
  failed: count,
  skipped: count,
  opened: count,
  clicked: count,
  rate: { type: 'number', description: 'The most recipients a second that it may have now' },
  etaSeconds: orNull({ type: 'number' }),
});
const detail = object({
  object: { const: 'broadcast' },
  ...summary,
  from: text,
  subject: text,
  reply_to: orNull({ type: 'array', items: text }),
  preview_text: orNull(text),
  html: orNull(text),
  text: orNull(text),
  reason: orNull(text),
  list: orNull(object({ offset: { ...count, description: 'Where the next piece begins' }, total: count })),
  progress,
});
/** A schema with `recipients`, which it does not check itself. */
const withRecipients = (schema: Schema, description: string): Schema => ({
  ...schema,
  properties: { ...(schema.properties as Schema), recipients: { ...input(recipientsSchema), description } },
});
const example = {
  recipients: [{ email: 'success@simulator.amazonses.com', variables: { first_name: 'Ada' } }],
  from: 'Shop <news@example.com>',
  subject: 'News for {{{first_name|you}}}',
  html: '<p>Hello {{{first_name|there}}}</p>',
};

/** The paths under `/broadcasts`. */
export const broadcastPaths = () => ({
  '/broadcasts': {
    post: operation(
      'createBroadcast',
      'Create a broadcast to a segment or a list; it is a draft unless `send` is true',
      reference,
      {
        parameters: [idempotencyKey],
        ...request(withRecipients(input(createBroadcastSchema), 'In place of `segment_id`; at most 4 MB'), example),
        errors: [403, 404, 409],
      },
      '201',
    ),
    get: operation('listBroadcasts', 'List broadcasts, newest first', list(object(summary)), { parameters: paging }),
  },
  '/broadcasts/{id}': {
    parameters: [id],
    get: operation('getBroadcast', 'One broadcast with its content and progress', detail),
    patch: operation('changeBroadcast', 'Change a draft', reference, {
      ...request(input(changeBroadcastSchema), { subject: 'News' }),
      errors: [403, 409],
    }),
    delete: operation(
      'deleteBroadcast',
      'Delete a draft',
      object({ object: { const: 'broadcast' }, id: text, deleted: { const: true } }),
      { errors: [403] },
    ),
  },
  '/broadcasts/{id}/clicked-links': { parameters: [id], get: listClickedLinks },
  '/broadcasts/{id}/recipients': {
    parameters: [id],
    get: listRecipients,
    post: operation(
      'addBroadcastRecipients',
      'Add a piece to the list of a draft; the same piece may be sent again',
      object({ object: { const: 'broadcast' }, id: text, offset: count, total: count }),
      {
        ...request(
          { ...withRecipients(input(pieceSchema), 'In order, after the piece before'), required: ['recipients'] },
          { offset: 0, recipients: example.recipients },
        ),
        errors: [403, 409],
      },
    ),
  },
  '/broadcasts/{id}/send': {
    parameters: [id],
    post: operation('sendBroadcast', 'Send a draft now or at a time', reference, {
      parameters: [idempotencyKey],
      requestBody: { required: false, content: { 'application/json': { schema: input(sendBroadcastSchema) } } },
      errors: [403, 422],
    }),
  },
  '/broadcasts/{id}/cancel': {
    parameters: [id],
    post: operation(
      'cancelBroadcast',
      'Make a scheduled broadcast a draft, or stop one that is being sent',
      reference,
      {
        errors: [403],
      },
    ),
  },
  '/broadcasts/{id}/pause': {
    parameters: [id],
    post: operation('pauseBroadcast', 'Stop the sending for now', reference, { errors: [403] }),
  },
  '/broadcasts/{id}/resume': {
    parameters: [id],
    post: operation('resumeBroadcast', 'Go on with a paused broadcast', reference, { errors: [403] }),
  },
  '/broadcasts/{id}/duplicate': {
    parameters: [id],
    post: operation('duplicateBroadcast', 'Copy a broadcast as a draft, without its list', reference),
  },
  '/broadcasts/{id}/test': {
    parameters: [id],
    post: operation(
      'testBroadcast',
      'Send it to a few addresses as ordinary emails',
      object({ object: { const: 'broadcast' }, id: text, emails: { type: 'array', items: object({ id: text }) } }),
      request(input(testBroadcastSchema), { to: ['success@simulator.amazonses.com'] }),
    ),
  },
});
