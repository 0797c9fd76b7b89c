import { importStatuses } from '../../core/audience/import/import.ts';
import { limits } from '../../core/email/schema.ts';
import { header, id, input, list, object, operation, orNull, paging, text, time } from '../openapi/parts.ts';
import { importOptionsSchema } from './schema.ts';

const whole = { type: 'integer' };
const view = object({
  object: { const: 'contact_import' },
  id: text,
  status: { enum: importStatuses },
  created_at: time,
  completed_at: orNull(time),
  counts: object({ total: whole, created: whole, updated: whole, skipped: whole, failed: whole }),
  errors: {
    type: 'array',
    description: 'The first 100 rows that were not imported, by line of the file (an addition of Sendoff)',
    items: object({ line: whole, reason: text }),
  },
});
const options = input(importOptionsSchema);
const form = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  properties: {
    file: { type: 'string', contentMediaType: 'text/csv', description: 'CSV in UTF-8 with a header, at most 4 MB' },
    ...(options.properties as object),
  },
};
const idempotencyKey = header(
  'Idempotency-Key',
  'The same key, file and options within 24 hours make one import, whichever API key asks.',
  { type: 'string', minLength: 1, maxLength: limits.idempotencyKeyLength },
);
const json = { contentType: 'application/json' };

/** The paths under `/contacts/imports`. */
export const contactImportPaths = () => ({
  '/contacts/imports': {
    post: operation(
      'createContactImport',
      'Import contacts from a CSV file; works on in the background',
      object({ object: { const: 'contact_import' }, id: text }),
      {
        parameters: [idempotencyKey],
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: form,
              encoding: { file: { contentType: 'text/csv' }, column_map: json, segments: json, topics: json },
              example: { file: 'email,first_name\nada@example.org,Ada\n', on_conflict: 'upsert' },
            },
          },
        },
      },
      '201',
    ),
    get: operation('listContactImports', 'List imports of contacts, newest first', list(view), {
      parameters: [{ name: 'status', in: 'query', schema: { enum: importStatuses } }, ...paging],
    }),
  },
  '/contacts/imports/{id}': {
    parameters: [id],
    get: operation('getContactImport', 'One import of contacts, with its counts', view),
  },
});
