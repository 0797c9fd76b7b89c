import { Hono } from 'hono';
import { findImport, type ImportDependencies, listImports, startImport } from '../../core/audience/import/imports.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readImportForm } from './read-form.ts';
import { importOptionsSchema, importQuerySchema } from './schema.ts';
import { importView } from './view.ts';

const FIELDS = Object.keys(importOptionsSchema.def.shape);

/** The routes under `/contacts/imports`. */
export function contactImportRoutes(dependencies: ImportDependencies): Hono<Caller> {
  const { table } = dependencies.backend;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { file, options } = await readImportForm(context);
    const { column_map, on_conflict, segments, topics } = validate(importOptionsSchema, options, FIELDS);
    const idempotencyKey = context.req.header('idempotency-key');
    const request = {
      file,
      columnMap: column_map ?? {},
      onConflict: on_conflict ?? 'upsert',
      segments: (segments ?? []).map((one) => (typeof one === 'string' ? one : one.id)),
      topics: topics ?? [],
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    } as const;
    return context.json({ object: 'contact_import', id: await startImport(request, dependencies) }, 201);
  });

  routes.get('/', async (context) => {
    const { status } = validate(importQuerySchema, context.req.query());
    const { items, hasMore } = await listImports(table, context.req.query(), status);
    return context.json({ object: 'list', has_more: hasMore, data: items.map(importView) });
  });

  routes.get('/:id', async (context) => context.json(importView(await findImport(table, context.req.param('id')))));
  return routes;
}
