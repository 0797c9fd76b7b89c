// biome-ignore-all lint/suspicious/noThenProperty: `then` is a field of requests
import { describe, expect, it } from 'vitest';
import { createLambdaHandler } from '../../../functions/api/api-gateway.ts';
import type { Document, Table } from '../../../functions/core/ports/table.ts';
import { createApiClient, FULL_KEY } from '../../helpers/api-client.ts';
import type { MemoryBackend } from '../../helpers/memory-backend.ts';
import { pick, randomFrom } from '../../helpers/random-text.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';
import { manifest } from './tasks/declared-tasks.ts';

/** Throws where DynamoDB would: keys of 1 to 2,048 bytes, documents up to 400 KB, well-formed text. */
function withLimits(backend: MemoryBackend): MemoryBackend {
  const { table } = backend;
  const checkKey = (key: string) => {
    const bytes = Buffer.byteLength(key);
    if (bytes < 1 || bytes > 2_048 || !key.isWellFormed()) throw new Error(`a key of ${bytes} bytes`);
  };
  const checkFields = (fields: Document = {}) => {
    const json = JSON.stringify(fields);
    if (Buffer.byteLength(json) > 400_000) throw new Error('a document over 400 KB');
    if (/\\ud[89a-f]/.test(json)) throw new Error('a document with half a character');
  };
  const limited: Table = {
    ...table,
    get: (key) => {
      checkKey(key);
      return table.get(key);
    },
    getMany: (keys) => {
      keys.forEach(checkKey);
      return table.getMany(keys);
    },
    insert: (entry) => {
      checkKey(entry.key);
      checkFields(entry.fields);
      return table.insert(entry);
    },
    update: (key, change, anyOf) => {
      checkKey(key);
      checkFields(change.set);
      return table.update(key, change, anyOf);
    },
    delete: (key, anyOf) => {
      checkKey(key);
      return table.delete(key, anyOf);
    },
  };
  return { ...backend, table: limited };
}

interface Asked {
  readonly method: string;
  /** Decoded, as an HTTP API passes it. */
  readonly path: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function started() {
  const client = await createApiClient(withLimits, { tasks: manifest });
  const handler = createLambdaHandler(client.app, client.log);
  const ask = async ({ method, path, query = '', headers, body }: Asked) => {
    const result = await handler({
      rawPath: path,
      rawQueryString: query,
      headers: { authorization: `Bearer ${FULL_KEY}`, ...headers },
      ...(body === undefined ? {} : { body }),
      requestContext: { domainName: 'api.example', http: { method } },
    });
    return { ...result, json: method === 'HEAD' ? undefined : JSON.parse(result.body) };
  };
  return { ...client, ask };
}

const post = (body: unknown, path = '/emails'): Asked => ({ method: 'POST', path, body: JSON.stringify(body) });
const many = (count: number, item: unknown) => Array.from({ length: count }, () => item);
const manyNames = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, value]));
const unknown = '0a1b2c3d-0000-4000-8000-000000000000';

describe('a request that is far too large for a field', () => {
  it.each<[string, () => Asked]>([
    ['130,000 headers that are not text', () => post({ ...plainEmail, headers: manyNames(130_000, 1) })],
    ['200,000 invalid tags', () => post({ ...plainEmail, tags: many(200_000, 1) })],
    ['200,000 invalid recipients', () => post({ ...plainEmail, to: many(200_000, 1) })],
    ['200,000 recipients', () => post({ ...plainEmail, cc: many(200_000, 'a@b.co') })],
    ['200,000 invalid attachments', () => post({ ...plainEmail, attachments: many(200_000, 1) })],
    ['an attachment of invalid bytes', () => post({ ...plainEmail, attachments: [{ content: many(200_000, {}) }] })],
    ['130,000 unknown fields', () => post({ ...plainEmail, ...manyNames(130_000, 1) })],
    ['200,000 emails in a batch', () => post(many(200_000, 1), '/emails/batch')],
    [
      '200,000 events of a webhook',
      () => post({ endpoint: 'https://a.example', events: many(200_000, 1) }, '/webhooks'),
    ],
    ['200,000 addresses to suppress', () => post({ emails: many(200_000, 1) }, '/suppressions/batch/add')],
    ['200,000 suppressions to end', () => post({ ids: many(200_000, 1) }, '/suppressions/batch/remove')],
    [
      'an endpoint of a megabyte',
      () => post({ endpoint: `https://a.example/${'x'.repeat(1e6)}`, events: ['email.sent'] }, '/webhooks'),
    ],
    ['an id of a megabyte', () => post({ ids: ['x'.repeat(1e6)] }, '/suppressions/batch/remove')],
    [
      'a million levels',
      () => ({ method: 'POST', path: '/emails', body: `{"to":${'['.repeat(1e6)}${']'.repeat(1e6)}}` }),
    ],
    [
      'a million levels with half a character',
      () => ({ method: 'POST', path: '/emails', body: `{"x":"\\ud800","to":${'['.repeat(1e6)}${']'.repeat(1e6)}}` }),
    ],
    ['arguments of six megabytes', () => post({ args: 'x'.repeat(6e6) }, '/tasks/users.count')],
    ['200,000 calls of a chain', () => post({ then: many(200_000, 1) }, '/tasks/users.count')],
    ['200,000 members of a group', () => post({ first: 0, calls: many(200_000, 1) }, `/run-groups/${unknown}/members`)],
    ['a task of a megabyte', () => post({}, `/tasks/${'x'.repeat(1e6)}`)],
    ['a name of four megabytes', () => post({ ...plainEmail, ['x'.repeat(4e6)]: 1 })],
    [
      'an Idempotency-Key of four megabytes',
      () => ({ ...post(plainEmail), headers: { 'idempotency-key': 'x'.repeat(4e6) } }),
    ],
    ['a cursor of a megabyte', () => ({ method: 'GET', path: '/emails', query: `after=${'x'.repeat(1e6)}` })],
    ['a limit of a megabyte', () => ({ method: 'GET', path: '/webhooks', query: `limit=${'1'.repeat(1e6)}` })],
  ])('is refused with a short error: %s', async (_what, asked) => {
    const { ask, backend, logged } = await started();
    const { statusCode, json, body } = await ask(asked());
    expect([400, 404, 422]).toContain(statusCode);
    expect(json).toEqual({ statusCode, name: expect.any(String), message: expect.any(String) });
    expect(body.length).toBeLessThan(500);
    expect([backend.waiting(), logged]).toEqual([[], []]);
  });
});

describe('malformed text', () => {
  it('is accepted: half of a surrogate pair becomes U+FFFD, a whole pair stays', async () => {
    const { ask } = await started();
    const given = { ...plainEmail, from: 'A\ud83d <a@example.com>', subject: 'x\udc00y 👋', text: '\ud800 \\ud800' };
    const { statusCode, json } = await ask(post(given));
    expect(statusCode).toBe(200);
    expect((await ask({ method: 'GET', path: `/emails/${json.id}` })).json).toMatchObject({
      from: 'A\ufffd <a@example.com>',
      subject: 'x\ufffdy 👋',
      text: '\ufffd \\ud800',
    });
    const { json: key } = await ask(post({ name: '\ud800' }, '/api-keys'));
    expect(key.token).toEqual(expect.any(String));
  });

  it('such as `__proto__` in JSON does not change the prototype of objects', async () => {
    const { ask } = await started();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const fields = (value: string) =>
        `{"from":"a@example.com","to":"b@example.com","subject":"x","text":"x",${value}}`;
      const bodies = [`"${name}":{"text":"y"}`, `"tags":{"${name}":1}`, `"attachments":[{"${name}":1}]`].map(fields);
      for (const body of bodies)
        expect(await ask({ method: 'POST', path: '/emails', body })).toMatchObject({ statusCode: 422 });
    }
    expect(({} as { text?: string }).text).toBeUndefined();
  });
});

describe('fuzzing', () => {
  const strings = [
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\ufeff',
    '👋',
    'İ'.repeat(300),
    '__proto__',
    'constructor',
    '../../..',
    '%00',
    '%E0%A4%A',
    '%2F',
    'a#b@c.co',
    "' OR 1=1 --",
    '"'.repeat(99),
    '<'.repeat(999),
    'x'.repeat(2_100),
    'in 99999999999999999999 years',
    '+275760-09-13T00:00:00.001Z',
    '9999-12-31T23:59:59Z',
    '0000-00-00T00:00:00Z',
    'in 1e400 min',
    unknown,
    'msg_x',
    'a@b.co',
    'A <a@b.co>',
    '\r\nBcc: a@b.co',
    '\u202e',
  ];
  const values: readonly unknown[] = [
    ...strings,
    null,
    true,
    0,
    -0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    [''],
    many(1_100, 1),
    many(60, 'a@b.co'),
    { a: { b: { c: {} } } },
    JSON.parse('{"__proto__":{"x":1}}'),
    manyNames(1_100, 1),
    JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`),
  ];
  const email = {
    ...plainEmail,
    cc: ['c@example.com'],
    bcc: 'd@example.com',
    reply_to: ['e@example.com'],
    html: '<p>x</p>',
    headers: { 'X-A': 'b' },
    tags: [{ name: 'a', value: 'b' }],
    attachments: [
      { filename: 'a', content: [1, 2], content_type: 'a/b', content_id: 'c' },
      { path: 'https://a.example/b' },
    ],
    scheduled_at: 'in 1 hour',
    template: null,
    topic_id: null,
  };
  const requests: readonly (readonly [method: string, path: readonly string[], body?: unknown])[] = [
    ['POST', ['emails'], email],
    ['POST', ['emails', 'batch'], [email, plainEmail]],
    ['GET', ['emails']],
    ['GET', ['emails', unknown]],
    ['GET', ['emails', unknown, 'events']],
    ['GET', ['emails', unknown, 'raw']],
    ['GET', ['emails', unknown, 'webhooks']],
    ['POST', ['emails', unknown, 'send-again']],
    ['PATCH', ['emails', unknown], { scheduled_at: 'in 2 hours', id: unknown }],
    ['POST', ['emails', unknown, 'cancel']],
    ['POST', ['emails', unknown, 'retry']],
    ['POST', ['api-keys'], { name: 'x', permission: 'sending_access' }],
    ['GET', ['api-keys']],
    ['PATCH', ['api-keys', unknown], { name: 'y' }],
    ['DELETE', ['api-keys', unknown]],
    ['POST', ['suppressions'], { email: 'x@example.com' }],
    ['POST', ['suppressions', 'batch', 'add'], { emails: ['x@example.com'] }],
    ['POST', ['suppressions', 'batch', 'remove'], { ids: ['x'] }],
    ['GET', ['suppressions']],
    ['GET', ['suppressions', 'x@example.com']],
    ['DELETE', ['suppressions', 'x@example.com']],
    ['POST', ['webhooks'], { endpoint: 'https://a.example/hook', events: ['email.sent'] }],
    ['GET', ['webhooks']],
    ['GET', ['webhooks', unknown]],
    ['PATCH', ['webhooks', unknown], { status: 'enabled', endpoint: 'https://a.example', events: ['email.sent'] }],
    ['DELETE', ['webhooks', unknown]],
    ['POST', ['webhooks', unknown, 'signing-secret', 'rotate']],
    ['GET', ['webhooks', unknown, 'events']],
    ['GET', ['webhooks', unknown, 'events', 'x']],
    ['GET', ['webhooks', unknown, 'events', 'x', 'attempts']],
    ['POST', ['webhooks', unknown, 'events', 'x', 'replay']],
    ['GET', ['health']],
    ['GET', ['emails', 'receiving', unknown]],
    ['GET', []],
  ];
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
  const filters = ['status', 'from', 'to', 'subject', 'tag', 'since', 'until'];
  const parameters = ['limit', 'after', 'before', 'origin', '__proto__', 'x', ...filters];
  const headerNames = [
    'idempotency-key',
    'x-batch-validation',
    'content-type',
    'content-length',
    'authorization',
    'x-forwarded-proto',
    'if-none-match',
    'sendoff-console',
  ];

  /** The same JSON with one value changed, added or removed. */
  function mutated(random: () => number, node: unknown): unknown {
    const children = typeof node === 'object' && node !== null ? Object.keys(node) : [];
    if (children.length === 0 || random() < 0.15) return pick(random, values);
    const name = random() < 0.15 ? pick(random, strings) : pick(random, children);
    const change = random() < 0.5 ? (child: unknown) => mutated(random, child) : () => pick(random, values);
    if (Array.isArray(node)) return node.map((child, index) => (String(index) === name ? change(child) : child));
    const entries = Object.entries(node as object);
    if (random() < 0.1) return Object.fromEntries(entries.filter(([key]) => key !== name));
    const before = entries.find(([key]) => key === name)?.[1];
    return Object.fromEntries([...entries, [name, change(before)]]);
  }

  /** A text with characters changed or cut off, or a number out of range. */
  function scrambled(random: () => number, text: string): string {
    const at = Math.floor(random() * (text.length + 1));
    if (random() < 0.3) return text.slice(0, at);
    if (random() < 0.3) return text.replace(/\d+/, '1e400');
    return (
      text.slice(0, at) + pick(random, ['"', '{', ']', '\\', '\\ud800', '\u0000', '1e999', ',']) + text.slice(at + 1)
    );
  }

  function nextRequest(random: () => number): Asked {
    const [method, path, body] = pick(random, requests);
    const segments = path.map((segment) => (random() < 0.25 ? pick(random, strings) : segment));
    const changed =
      body !== undefined && random() < 0.9 ? mutated(random, random() < 0.4 ? mutated(random, body) : body) : body;
    const text = changed === undefined ? undefined : JSON.stringify(changed);
    const payload = text !== undefined && random() < 0.2 ? scrambled(random, text) : text;
    return {
      method: random() < 0.1 ? pick(random, methods) : method,
      path: `/${segments.join('/')}`,
      ...(random() < 0.3
        ? { query: `${pick(random, parameters)}=${encodeURIComponent(pick(random, strings).toWellFormed())}` }
        : {}),
      ...(random() < 0.2 ? { headers: { [pick(random, headerNames)]: pick(random, strings) } } : {}),
      ...(payload === undefined ? {} : { body: payload }),
    };
  }

  it.each([1, 2, 3, 4])('finds no 5xx and no error in another form (seed %i)', async (seed) => {
    const { ask, logged } = await started();
    const random = randomFrom(seed);
    const statuses = new Map<number, number>();
    for (let count = 0; count < 1_500; count++) {
      const asked = nextRequest(random);
      const { statusCode, headers, json } = await ask(asked);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      const told = JSON.stringify(asked).slice(0, 2_000);
      expect(statusCode, told).toBeLessThan(500);
      expect(headers['content-type'], told).toBe('application/json');
      if (statusCode >= 400 && asked.method !== 'HEAD')
        expect(json, told).toEqual({
          statusCode,
          name: expect.stringMatching(/^[a-z_]+$/),
          message: expect.any(String),
        });
    }
    expect(logged).toEqual([]);
    // The requests must not all fail for the same reason.
    for (const status of [200, 201, 400, 404, 405, 422])
      expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(5);
  });
});
