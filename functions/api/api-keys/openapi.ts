import { permissions } from '../../core/access/api-key.ts';
import { createKeySchema, renameKeySchema } from '../../core/access/api-key-input.ts';
import { id, input, list, object, operation, orNull, paging, request, text, time } from '../openapi/parts.ts';

const apiKey = object({
  id: text,
  name: text,
  permission: { enum: [...permissions] },
  domain_id: orNull(text),
  created_at: time,
  last_used_at: { anyOf: [time, { type: 'null' }], description: 'To the hour' },
});

/** The paths under `/api-keys`. */
export const apiKeyPaths = () => ({
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
      // 422: the last key with full access cannot be deleted.
      { errors: [422] },
    ),
  },
});
