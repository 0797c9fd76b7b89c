import { Hono } from 'hono';
import { API_KEY_PARTITION, type ApiKey, apiKeyKey, createApiKey, renameApiKey } from '../../core/access/api-key.ts';
import { deleteApiKey } from '../../core/access/api-key-deletion.ts';
import { createKeySchema, renameKeySchema } from '../../core/access/api-key-input.ts';
import { listPage } from '../../core/document/list.ts';
import { findDomain, type SenderDomains } from '../../core/email/accept/sender-domain.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Table } from '../../core/ports/table.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { apiKeyView } from './view.ts';

export interface ApiKeyRouteDependencies {
  readonly table: Table;
  readonly domains: SenderDomains;
  readonly now: () => number;
}

function idOf(context: { req: { param(name: 'id'): string } }): string {
  const id = context.req.param('id');
  if (!isId(id)) throw notFound('API key');
  return id;
}

/** The routes under `/api-keys`. */
export function apiKeyRoutes({ table, domains, now }: ApiKeyRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const {
      name: keyName,
      permission = 'full_access',
      domain_id,
    } = validate(createKeySchema, value, ['name', 'permission', 'domain_id']);
    const domain = domain_id ? await confinedTo(domain_id, permission) : {};
    return context.json(await createApiKey(table, { name: keyName, permission, ...domain }, now()), 201);
  });

  const confinedTo = async (id: string, permission: ApiKey['permission']) => {
    // Resend ignores the field here. But a key that was to be confined must not become one with full access.
    if (permission !== 'sending_access')
      throw invalid('Invalid `domain_id` field: it needs `permission` to be `sending_access`.');
    const domain = await findDomain(domains, id);
    if (domain === undefined) throw notFound('Domain');
    return { domain };
  };

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<ApiKey>(table, API_KEY_PARTITION, apiKeyKey, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(apiKeyView) });
  });

  routes.patch('/:id', async (context) => {
    const id = idOf(context);
    const { value } = await readJson(context);
    const { applied } = await renameApiKey(table, id, validate(renameKeySchema, value, ['name']).name);
    if (!applied) throw notFound('API key');
    return context.json({ object: 'api_key', id });
  });

  routes.delete('/:id', async (context) => {
    const id = idOf(context);
    if (!(await deleteApiKey(table, id, now()))) throw notFound('API key');
    return context.json({ object: 'api_key', id, deleted: true });
  });

  return routes;
}
