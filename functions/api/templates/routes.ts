import { type Context, Hono } from 'hono';
import { listPage, pageOf } from '../../core/document/list.ts';
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  duplicateTemplate,
  findTemplate,
  newestVersion,
  publishTemplate,
  type TemplateChange,
  type TemplateStoreDependencies,
} from '../../core/template/store.ts';
import { TEMPLATE_PARTITION, type Template, templateKey } from '../../core/template/template.ts';
import { findVersion, listVersions } from '../../core/template/versions.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { changeTemplateSchema, createTemplateSchema, type TemplateInput } from './schema.ts';
import { templateDetail, templateSummary, versionDetail, versionRow } from './view.ts';

const FIELDS = Object.keys(createTemplateSchema.def.shape);

/** The routes under `/templates`. */
export function templateRoutes(dependencies: TemplateStoreDependencies): Hono<Caller> {
  const { table } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const input = validate(createTemplateSchema, value, FIELDS);
    const { name, html } = input;
    const change = changeOf(input);
    const created = { ...change, name, content: { ...change.content, html } };
    return context.json(reference(await createTemplate(created, dependencies)), 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<Template>(table, TEMPLATE_PARTITION, templateKey, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(templateSummary) });
  });

  routes.get('/:id', async (context) => {
    const template = await findTemplate(table, idOf(context));
    return context.json(templateDetail(template, await newestVersion(table, template)));
  });

  routes.get('/:id/versions', async (context) => {
    const versions = await listVersions(table, await findTemplate(table, idOf(context)));
    const { items, hasMore } = pageOf(versions, ({ id }) => id, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(versionRow) });
  });

  routes.get('/:id/versions/:version', async (context) => {
    const template = await findTemplate(table, idOf(context));
    return context.json(versionDetail(template, await findVersion(table, template, context.req.param('version'))));
  });

  routes.patch('/:id', async (context) => {
    const { value } = await readJson(context);
    const change = changeOf(validate(changeTemplateSchema, value, FIELDS));
    return context.json(reference(await changeTemplate(idOf(context), change, dependencies)));
  });

  routes.post('/:id/publish', async (context) =>
    context.json(reference(await publishTemplate(idOf(context), dependencies))),
  );
  routes.post('/:id/duplicate', async (context) =>
    context.json(reference(await duplicateTemplate(idOf(context), dependencies))),
  );
  routes.delete('/:id', async (context) =>
    context.json({ ...reference(await deleteTemplate(idOf(context), dependencies)), deleted: true }),
  );
  return routes;
}

const idOf = (context: Context): string => context.req.param('id') ?? '';
const reference = (id: string) => ({ object: 'template', id });

/** The fields of a request as a change; null clears a field, an absent one stays. */
function changeOf({ name, alias, html, text, from, subject, reply_to, variables }: TemplateInput): TemplateChange {
  const replyTo = typeof reply_to === 'string' ? [reply_to] : reply_to;
  const declared = variables?.map(({ key, type, fallback_value }) => ({
    key,
    type,
    ...(fallback_value == null ? {} : { fallbackValue: fallback_value }),
  }));
  const content = { html, text, from, subject, replyTo, variables: variables === null ? [] : declared };
  return {
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { alias }),
    content: Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined)),
  };
}
