import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { emailRequestSchema } from '../../../../functions/core/email/schema.ts';
import packageJson from '../../../../package.json' with { type: 'json' };
import { createApiClient } from '../../../helpers/api-client.ts';

type Node = Record<string, unknown>;
type Operation = {
  operationId: string;
  responses: Record<string, Node>;
  parameters?: Node[];
  requestBody?: Node;
  security?: unknown[];
};

/** The content types other than JSON. */
const contentTypes: readonly (readonly [path: RegExp, ...types: string[]])[] = [
  [/^\/unsubscribe\//, 'text/html'],
  [/^\/attachments\//, 'application/octet-stream'],
  [/^\/emails\/\{id\}\/raw$/, 'text/plain'],
  [/^\/console$/, 'text/html'],
  [/^\/console\/preview/, 'text/html', 'text/plain'],
  [/^\/console\/assets\//, 'text/javascript', 'text/css'],
  [/^\/contacts\/export$/, 'text/csv'],
];
const contentOf = (path: string) => {
  const [, ...types] = contentTypes.find(([pattern]) => pattern.test(path)) ?? [undefined, 'application/json'];
  return Object.fromEntries(types.map((type) => [type, { schema: expect.anything() }]));
};
const redocly = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules', '.bin', 'redocly');
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
      info: { title: 'Sendoff', version: packageJson.version },
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

  it('names the server as it was asked: by http on a laptop, by https behind API Gateway, without the path', async () => {
    const { ask } = await createApiClient();
    const server = async (headers: Record<string, string>) =>
      (await ask('GET', '/openapi.json', undefined, headers)).body.servers[0].url;
    expect(await server({ 'x-forwarded-proto': 'http' })).toBe('http://api.example');
    expect(await server({ 'x-forwarded-proto': 'https' })).toBe('https://api.example');
    for (const odd of ['', 'javascript', 'https://evil.example/']) {
      expect(await server({ 'x-forwarded-proto': odd })).toBe('http://api.example');
    }
  });

  it('has for each operation a unique id and a described answer', async () => {
    const { operations } = await read();
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      expect(methods).toContain(method);
      const good = Object.entries(operation.responses).filter(([status]) => /^20[012]$/.test(status));
      expect(good).toEqual([
        [
          expect.any(String),
          expect.objectContaining({
            description: expect.stringMatching(/./),
            content: contentOf(path),
          }),
        ],
      ]);
    }
  });

  it('has for each operation exactly the errors it can answer, without a default', async () => {
    const { operations } = await read();
    const errorsOf = new Map(
      operations.map(({ operation: { operationId, responses } }) => [
        operationId,
        Object.keys(responses).filter((status) => !/^2/.test(status)),
      ]),
    );
    const any = ['429', '500', '503'];
    const signedIn = ['401', '403', ...any];
    expect(Object.fromEntries(errorsOf)).toMatchObject({
      sendEmail: ['400', '401', '403', '404', '409', '413', '422', ...any],
      sendBatch: ['400', '401', '403', '404', '409', '413', '422', ...any],
      listEmails: ['401', '403', '404', '422', ...any],
      getEmail: ['401', '403', '404', ...any],
      rescheduleEmail: ['400', '401', '403', '404', '413', '422', ...any],
      cancelEmail: ['401', '403', '404', '422', ...any],
      createApiKey: ['400', '401', '403', '404', '413', '422', ...any],
      deleteApiKey: ['401', '403', '404', '422', ...any],
      createWebhook: ['400', '401', '403', '413', '422', '429', '451', '500', '503'],
      getDomain: [...signedIn.slice(0, 2), '404', ...any],
      showUnsubscribe: ['404', ...any],
      downloadAttachment: ['404', '406', '422', ...any],
      health: any,
    });
    for (const [id, statuses] of errorsOf)
      expect([id, statuses]).toEqual([id, expect.not.arrayContaining(['default'])]);
  });

  it('passes the recommended rules of redocly', async () => {
    const { document } = await read();
    const directory = mkdtempSync(join(tmpdir(), 'openapi-'));
    const file = join(directory, 'openapi.json');
    writeFileSync(file, JSON.stringify({ ...document, servers: [{ url: 'https://api.sendoff.test' }] }));
    try {
      // Resend has both `/contacts/imports/{id}` and `/contacts/{contact}/topics`; `imports` is neither an id nor an address.
      const skipped = '--skip-rule=no-ambiguous-paths';
      const { stdout } = await promisify(execFile)(redocly, ['lint', '--format=json', skipped, file], {
        cwd: directory,
        env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
      });
      expect(JSON.parse(stdout).totals).toMatchObject({ errors: 0, warnings: 0 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('declares exactly the parameters of each path', async () => {
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

  it('has no broken reference and no schema of another dialect', async () => {
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

  it('describes an email by the schema that validates it', async () => {
    const { document } = await read();
    const { $schema: _, ...schema } = z.toJSONSchema(emailRequestSchema, { io: 'input' });
    expect(document.components.schemas.Email).toEqual(schema);
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      // The sender and the subject may come from a template.
      required: ['to'],
      properties: {
        subject: { anyOf: [{ maxLength: 998 }, { type: 'null' }] },
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

  it('describes exactly the fields that the API accepts', async () => {
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
