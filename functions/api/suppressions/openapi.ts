import { suppressionOrigins } from '../../core/suppression/suppression.ts';
import { input, list, object, operation, orNull, paging, request, type Schema, text, time } from '../openapi/parts.ts';
import { addSuppressionSchema, addSuppressionsSchema, removeSuppressionsSchema } from './schema.ts';

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

/** The paths under `/suppressions`. */
export function suppressionPaths() {
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
