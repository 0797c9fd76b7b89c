import { input, list, object, operation, orNull, paging, request, text, time } from '../openapi/parts.ts';
import { changeTemplateSchema, createTemplateSchema } from './schema.ts';

const reference = object({ object: { const: 'template' }, id: text });
const status = { enum: ['draft', 'published'] };
const summary = {
  id: text,
  name: text,
  status,
  published_at: orNull(time),
  created_at: time,
  updated_at: time,
  alias: orNull(text),
};
const variable = object({
  id: text,
  key: text,
  type: { enum: ['string', 'number'] },
  fallback_value: { anyOf: [text, { type: 'number' }, { type: 'null' }] },
  created_at: time,
  updated_at: time,
});
const content = {
  from: orNull(text),
  subject: orNull(text),
  reply_to: orNull({ type: 'array', items: text }),
  html: text,
  text: orNull(text),
  variables: { type: 'array', items: variable },
};
const detail = object({
  object: { const: 'template' },
  ...summary,
  current_version_id: text,
  ...content,
  has_unpublished_versions: { type: 'boolean' },
});
const version = object({
  id: text,
  status: { enum: ['draft', 'published', 'superseded'] },
  published_at: orNull(time),
});
const id = { name: 'id', in: 'path', required: true, description: 'The id or the alias', schema: text };
const example = {
  name: 'Welcome',
  subject: 'Welcome, {{{NAME}}}',
  html: '<p>Hello {{{NAME}}}</p>',
  variables: [{ key: 'NAME', type: 'string', fallback_value: 'there' }],
};

/** The paths under `/templates`. */
export const templatePaths = () => ({
  '/templates': {
    post: operation(
      'createTemplate',
      'Create a template; it is a draft until it is published',
      reference,
      request(input(createTemplateSchema), example),
      '201',
    ),
    get: operation('listTemplates', 'List templates, newest first', list(object(summary)), { parameters: paging }),
  },
  '/templates/{id}': {
    parameters: [id],
    get: operation('getTemplate', 'One template with its newest content', detail),
    patch: operation('changeTemplate', 'Change a template; emails use the change after the next publish', reference, {
      ...request(input(changeTemplateSchema), { subject: 'Hello' }),
      errors: [409],
    }),
    delete: operation(
      'deleteTemplate',
      'Delete a template; emails accepted with it are sent',
      object({ object: { const: 'template' }, id: text, deleted: { const: true } }),
    ),
  },
  '/templates/{id}/versions': {
    parameters: [id],
    get: operation(
      'listTemplateVersions',
      'The versions that are kept, newest first (an addition of Sendoff)',
      list(version),
      {
        parameters: paging,
      },
    ),
  },
  '/templates/{id}/versions/{version}': {
    parameters: [id, { name: 'version', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
    get: operation(
      'getTemplateVersion',
      'One version with its content (an addition of Sendoff)',
      object({ object: { const: 'template_version' }, id: text, template_id: text, ...content }),
    ),
  },
  '/templates/{id}/publish': {
    parameters: [id],
    post: operation('publishTemplate', 'Publish the newest version', reference, { errors: [409] }),
  },
  '/templates/{id}/duplicate': {
    parameters: [id],
    post: operation('duplicateTemplate', 'Copy a template as a draft', reference),
  },
});
