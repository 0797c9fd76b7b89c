import { id, input, object, operation, orNull, request, text, time } from '../openapi/parts.ts';
import { sessionSchema } from './session.ts';

const session = object({
  object: { const: 'session' },
  permission: { enum: ['full_access', 'read_access'] },
  key_id: text,
  key_name: text,
  expires_at: orNull(time),
  deployment: text,
  region: text,
  version: text,
  tasks: { type: 'boolean', description: 'The deployment has tasks of its own' },
  inbox: orNull({ type: 'string', description: "Path of the local cloud's inbox" }),
  retention_days: { type: 'number' },
});

const page = (operationId: string, summary: string, types = ['text/html']) => ({
  operationId,
  summary,
  responses: {
    200: { description: 'A page', content: Object.fromEntries(types.map((type) => [type, { schema: text }])) },
  },
});
const PREVIEW_TYPES = ['text/html', 'text/plain'];
const named = (name: string) => ({ name, in: 'path', required: true, schema: text });
const shown = [
  { name: 'part', in: 'query', description: 'html, if there is one', schema: { enum: ['html', 'text'] } },
  { name: 'images', in: 'query', description: '1: with remote images', schema: { enum: ['0', '1'] } },
];
const preview = (operationId: string, summary: string) => ({
  get: { ...page(operationId, summary, PREVIEW_TYPES), parameters: shown },
});

/** The paths under `/console`. */
export const consolePaths = () => ({
  '/console': { get: { ...page('console', 'The web console'), security: [] } },
  '/console/assets/{name}': {
    parameters: [named('name')],
    get: { ...page('consoleAsset', 'A script or style of the console', ['text/javascript', 'text/css']), security: [] },
  },
  '/console/session': {
    post: {
      ...operation(
        'signIn',
        'Exchange an API key for a session of 12 hours, in a cookie',
        session,
        { ...request(input(sessionSchema), { key: 're_…' }), errors: [403] },
        '201',
      ),
      security: [],
    },
    get: operation(
      'getSession',
      'The session of the cookie, or the key; requests with the cookie need the header `sendoff-console: 1`',
      session,
    ),
    delete: {
      ...operation('signOut', 'Delete the cookie', object({ object: { const: 'session' }, deleted: { const: true } })),
      security: [],
    },
  },
  '/console/preview': {
    post: {
      ...page('previewContent', 'Show html or text with values in its placeholders', PREVIEW_TYPES),
      // 404: there is no such part.
      errors: [404],
      parameters: shown,
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: { html: text, text, variables: { type: 'string', description: 'A JSON object' } },
            },
          },
        },
      },
    },
  },
  '/console/preview/emails/{id}': {
    parameters: [id],
    ...preview('previewEmail', 'An email as a page that can do nothing'),
  },
  '/console/preview/templates/{id}': {
    parameters: [named('id')],
    ...preview('previewTemplate', 'The newest content of a template'),
  },
  '/console/preview/broadcasts/{id}': {
    parameters: [id],
    ...preview('previewBroadcast', 'The content of a broadcast'),
  },
});
