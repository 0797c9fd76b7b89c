import { Hono } from 'hono';
import * as z from 'zod/mini';
import {
  API_KEY_PARTITION,
  type ApiKey,
  apiKeyKey,
  createApiKey,
  deleteApiKey,
  permissions,
  renameApiKey,
} from '../core/api-key.ts';
import { notFound } from '../core/errors.ts';
import { isId } from '../core/identity.ts';
import { listPage } from '../core/list.ts';
import type { Table } from '../core/ports.ts';
import { validate } from '../core/validate.ts';
import type { Caller } from './authenticate.ts';
import { readJson } from './read-json.ts';

const name = z.string().check(z.minLength(1), z.maxLength(50));

/** What `POST /api-keys` takes. */
export const createKeySchema = z.strictObject({ name, permission: z.optional(z.enum(permissions)) });
/** What `PATCH /api-keys/{id}` takes. */
export const renameKeySchema = z.strictObject({ name });

function idOf(context: { req: { param(name: 'id'): string } }): string {
  const id = context.req.param('id');
  if (!isId(id)) throw notFound('API key');
  return id;
}

/** The routes under `/api-keys`. */
export function apiKeyRoutes(table: Table, now: () => number): Hono<Caller> {
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const { name: keyName, permission = 'full_access' } = validate(createKeySchema, value, ['name', 'permission']);
    return context.json(await createApiKey(table, { name: keyName, permission }, now()), 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<ApiKey>(table, API_KEY_PARTITION, apiKeyKey, context.req.query());
    const data = items.map((key) => ({
      id: key.id,
      name: key.name,
      permission: key.permission,
      created_at: new Date(key.createdAtMs).toISOString(),
    }));
    return context.json({ object: 'list', has_more: hasMore, data });
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
    if (!(await deleteApiKey(table, id))) throw notFound('API key');
    return context.json({ object: 'api_key', id, deleted: true });
  });

  return routes;
}
