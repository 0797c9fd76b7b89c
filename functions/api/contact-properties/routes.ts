import { Hono } from 'hono';
import {
  changeFallback,
  createProperty,
  deleteProperty,
  findProperty,
  type PropertyDependencies,
  propertyPage,
} from '../../core/audience/properties.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { changePropertySchema, createPropertySchema } from './schema.ts';
import { propertyView } from './view.ts';

const FIELDS = Object.keys(createPropertySchema.def.shape);

/** The routes under `/contact-properties`. */
export function contactPropertyRoutes(dependencies: PropertyDependencies): Hono<Caller> {
  const { table } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const { key, type, fallback_value } = validate(createPropertySchema, value, FIELDS);
    const id = await createProperty({ key, type, fallbackValue: fallback_value }, dependencies);
    return context.json(reference(id), 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await propertyPage(table, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(propertyView) });
  });

  routes.get('/:id', async (context) => context.json(propertyView(await findProperty(table, context.req.param('id')))));

  routes.patch('/:id', async (context) => {
    const { value } = await readJson(context);
    const { fallback_value } = validate(changePropertySchema, value, ['fallback_value']);
    const id = context.req.param('id');
    await changeFallback(id, fallback_value, table);
    return context.json(reference(id));
  });

  routes.delete('/:id', async (context) => {
    const id = context.req.param('id');
    await deleteProperty(id, table);
    return context.json({ ...reference(id), deleted: true });
  });
  return routes;
}

const reference = (id: string) => ({ object: 'contact_property', id });
