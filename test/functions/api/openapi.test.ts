import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { emailSchema } from '../../../functions/core/email-schema.ts';
import { createApiClient } from '../../api-client.ts';

type Node = Record<string, unknown>;
type Operation = {
  operationId: string;
  responses: Record<string, Node>;
  parameters?: Node[];
  requestBody?: Node;
  security?: unknown[];
};

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const read = async () => {
  const { app, ask } = await createApiClient();
  const { body: document } = await ask('GET', '/openapi.json');
  const paths = Object.entries(document.paths as Record<string, Node>);
  const operations = paths.flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([name]) => name !== 'parameters')
      .map(([method, operation]) => ({ path, method, item, operation: operation as Operation })),
  );
  return { app, document, operations };
};
const walk = (node: unknown, visit: (node: Node) => void): void => {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node as Node);
  for (const child of Object.values(node)) walk(child, visit);
};

describe('/openapi.json', () => {
  it('is an OpenAPI 3.1 document of this server', async () => {
    const { document } = await read();
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\.\d+$/),
      info: { title: 'Sendoff', version: expect.stringMatching(/./) },
      servers: [{ url: 'http://api.example' }],
    });
    const known = [
      'openapi',
      'info',
      'servers',
      'paths',
      'components',
      'security',
      'tags',
      'jsonSchemaDialect',
      'webhooks',
      'externalDocs',
    ];
    expect(known).toEqual(expect.arrayContaining(Object.keys(document)));
  });

  it('describes exactly the routes there are', async () => {
    const { app, operations } = await read();
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(?:\{.+\})?/g, '{$1}')}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  it('has for each operation an id of its own, an answer that is described, and the error', async () => {
    const { document, operations } = await read();
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      expect(methods).toContain(method);
      const [[status, ok] = ['', {}], ...others] = Object.entries(operation.responses);
      expect(status).toMatch(/^20[01]$/);
      expect(ok).toMatchObject({
        description: expect.stringMatching(/./),
        // For people's browsers.
        content: { [path.startsWith('/unsubscribe') ? 'text/html' : 'application/json']: { schema: {} } },
      });
      expect(others).toEqual([['default', { $ref: '#/components/responses/Error' }]]);
    }
    expect(document.components.responses.Error).toMatchObject({ description: expect.any(String) });
  });

  it('declares every parameter in a path, and no other there', async () => {
    const { operations } = await read();
    for (const { path, item, operation } of operations) {
      const declared = [...((item.parameters as Node[]) ?? []), ...(operation.parameters ?? [])];
      const inPath = declared.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const parameter of inPath) expect(parameter.required).toBe(true);
      for (const parameter of declared)
        expect(parameter).toMatchObject({ name: expect.any(String), schema: expect.any(Object) });
    }
  });

  it('refers only to what is in it, and holds no schema of another dialect', async () => {
    const { document } = await read();
    walk(document, (node) => {
      expect(node).not.toHaveProperty('$schema');
      expect(node).not.toHaveProperty('nullable');
      if (typeof node.$ref !== 'string') return;
      const found = node.$ref
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((inner, key) => (inner as Node | undefined)?.[key], document);
      expect(found, node.$ref).toBeTypeOf('object');
    });
  });

  it('asks for a key wherever the API does', async () => {
    const { app, document, operations } = await read();
    expect(document.security).toEqual([{ apiKey: [] }]);
    expect(document.components.securitySchemes.apiKey).toEqual({ type: 'http', scheme: 'bearer' });
    for (const { path, method, operation } of operations) {
      const { status } = await app.request(path.replace('{id}', '1'), { method: method.toUpperCase() });
      expect([path, operation.security?.length === 0]).toEqual([path, status !== 401]);
    }
  });

  it('describes an email by the very schema that validates it', async () => {
    const { document } = await read();
    const { $schema: _, ...schema } = z.toJSONSchema(emailSchema, { io: 'input' });
    expect(document.components.schemas.Email).toEqual(schema);
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['from', 'to', 'subject'],
      properties: {
        subject: { maxLength: 998 },
        tags: { anyOf: [{ maxItems: 50 }, { type: 'null' }] },
        attachments: { anyOf: [{ maxItems: 100 }, { type: 'null' }] },
      },
    });
    expect(document.paths['/emails'].post.requestBody.content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Email',
    });
    expect(document.paths['/emails/batch'].post.requestBody.content['application/json'].schema).toMatchObject({
      items: { $ref: '#/components/schemas/Email' },
      minItems: 1,
      maxItems: 100,
    });
  });

  it('takes each field it describes, and no other', async () => {
    const { document } = await read();
    const { ask } = await createApiClient();
    for (const field of Object.keys(document.components.schemas.Email.properties)) {
      const { body } = await ask('POST', '/emails', { [field]: 7 });
      expect(body.message).not.toContain('Unknown field');
    }
    const known = { from: 'a@example.com', to: 'b@example.com', subject: '', text: 'x' };
    expect((await ask('POST', '/emails', { ...known, other: 7 })).body.message).toContain('Unknown field `other`');
  });
});
