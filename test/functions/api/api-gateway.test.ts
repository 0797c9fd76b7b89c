import { describe, expect, it } from 'vitest';
import { createLambdaHandler, type GatewayEvent } from '../../../functions/api/api-gateway.ts';
import { createApiClient, FULL_KEY } from '../../helpers/api-client.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly domainName?: string;
}

const common = ({ headers, body, isBase64Encoded = false }: Asked) => ({
  headers: { authorization: `Bearer ${FULL_KEY}`, ...headers },
  ...(body === undefined ? {} : { body }),
  isBase64Encoded,
});

/** The same request as each kind of API passes it. */
const formats: Record<string, (asked: Asked) => GatewayEvent> = {
  'an HTTP API (2.0)': (asked) => ({
    ...common(asked),
    rawPath: asked.path ?? '/emails',
    rawQueryString: new URLSearchParams(asked.query).toString(),
    requestContext: { domainName: asked.domainName ?? 'api.example', http: { method: asked.method ?? 'GET' } },
  }),
  'a REST API (1.0)': (asked) => {
    const { headers, ...rest } = common(asked);
    const several = (fields: Record<string, string>) =>
      Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]]));
    return {
      ...rest,
      headers,
      multiValueHeaders: several(headers),
      path: asked.path ?? '/emails',
      httpMethod: asked.method ?? 'GET',
      multiValueQueryStringParameters: asked.query ? several(asked.query) : null,
      requestContext: { domainName: asked.domainName ?? 'api.example' },
    };
  },
};

async function started(wrap?: Parameters<typeof createApiClient>[0]) {
  const client = await createApiClient(wrap);
  const handler = createLambdaHandler(client.app, client.log);
  const ask = async (event: GatewayEvent) => {
    const result = await handler(event);
    return { ...result, json: result.body === '' ? undefined : JSON.parse(result.body) };
  };
  return { ...client, ask };
}

describe.each(Object.entries(formats))('a request by %s', (_name, format) => {
  it('reaches the app with its query, headers and body', async () => {
    const { ask } = await started();
    const body = JSON.stringify({ ...plainEmail, subject: 'Grüße 👋' });
    const post = { method: 'POST', headers: { 'idempotency-key': 'once' } };
    const first = await ask(format({ ...post, body }));
    const again = await ask(format({ ...post, body: Buffer.from(body).toString('base64'), isBase64Encoded: true }));
    expect([first.statusCode, again.statusCode]).toEqual([200, 200]);
    expect(again.json).toEqual(first.json);
    const listed = await ask(format({ query: { limit: '1' } }));
    expect(listed).toMatchObject({ statusCode: 200, json: { data: [{ subject: 'Grüße 👋' }] } });
    expect(listed.headers['content-type']).toBe('application/json');
  });

  it.each(['GET', 'HEAD'])('by %s is answered even with a body, which the Python client sends', async (method) => {
    const { ask } = await started();
    expect((await ask(format({ method, body: '{}' }))).statusCode).toBe(200);
  });

  it('with an empty Idempotency-Key is refused and sends nothing', async () => {
    const { ask, backend } = await started();
    const answer = await ask(
      format({ method: 'POST', headers: { 'idempotency-key': '' }, body: JSON.stringify(plainEmail) }),
    );
    expect(answer).toMatchObject({ statusCode: 400, json: { statusCode: 400, name: 'invalid_idempotency_key' } });
    expect(backend.waiting()).toEqual([]);
  });

  it.each(['TRACE', 'CONNECT', 'TRACK'])('by %s, which the Request constructor refuses, is a 405', async (method) => {
    const { ask } = await started();
    const answer = await ask(format({ method }));
    expect(answer).toMatchObject({ statusCode: 405, json: { statusCode: 405, name: 'method_not_allowed' } });
    expect(answer.headers.allow).toContain('POST');
  });

  it.each<[string, Asked]>([
    ['a host that is none', { domainName: 'a b' }],
    ['a header that is none', { headers: { 'not a name': '1' } }],
    ['a method that is none', { method: 'GE T' }],
    ['base64 that is none', { method: 'POST', body: '%%%', isBase64Encoded: true }],
    ['a path with a stray percent sign', { path: '/emails/%' }],
    ['a path with a lone surrogate', { path: '/emails/\ud800' }],
    ['a header with a lone surrogate', { headers: { authorization: '\ud800' } }],
    ['a header that is not ASCII', { headers: { authorization: 'Bearer Grüße👋' } }],
  ])('with %s gets an error in our form', async (_what, asked) => {
    const { ask, logged } = await started();
    const answer = await ask(format(asked));
    expect([400, 401, 403, 404]).toContain(answer.statusCode);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json).toEqual({
      statusCode: answer.statusCode,
      name: expect.any(String),
      message: expect.any(String),
    });
    expect(logged).toEqual([]);
  });

  it.each(['a#b@example.com', 'a/b@example.com', 'a%b@example.com', 'a+b@example.com'])(
    'finds and deletes the suppression of %s by its address in the path',
    async (email) => {
      const { ask } = await started();
      const body = JSON.stringify({ email });
      expect((await ask(format({ method: 'POST', path: '/suppressions', body }))).statusCode).toBe(201);
      // An HTTP API decodes the path that the client encoded, a REST API does not.
      const path = `/suppressions/${format({}).rawPath ? email : encodeURIComponent(email)}`;
      expect(await ask(format({ path }))).toMatchObject({ statusCode: 200, json: { email } });
      expect(await ask(format({ method: 'DELETE', path }))).toMatchObject({ statusCode: 200, json: { deleted: true } });
    },
  );

  it('whose answer is more than Lambda can return gets an error in our form', async () => {
    const { ask, app } = await started();
    // Four bytes a character: a quote is escaped in the body, and its escape once more around it.
    const text = '"'.repeat(2_000_000);
    const sent = await app.request('http://api.example/emails', {
      method: 'POST',
      headers: { authorization: `Bearer ${FULL_KEY}` },
      body: JSON.stringify({ ...plainEmail, text }),
    });
    const { id } = (await sent.json()) as { id: string };
    expect(await ask(format({ path: `/emails/${id}` }))).toMatchObject({
      statusCode: 422,
      json: { statusCode: 422, name: 'validation_error', message: expect.stringContaining('6 MB') },
    });
  });
});

describe('an invocation', () => {
  it.each([null, {}, { version: '2.0' }, 'text', { path: 7 }])('with %j gets an answer in our form', async (event) => {
    const { ask } = await started();
    const { statusCode, json } = await ask(event as GatewayEvent);
    expect(json).toEqual({ statusCode, name: expect.any(String), message: expect.any(String) });
  });

  it('gets bytes as base64, and text as it is', async () => {
    const { log } = await createApiClient();
    const bytes = Buffer.from([0, 255, 10]);
    const resultOf = (type: string) => {
      const fetch = async () => new Response(bytes, { headers: { 'content-type': type } });
      return createLambdaHandler({ fetch }, log)({});
    };
    const body = bytes.toString('base64');
    expect(await resultOf('application/octet-stream')).toMatchObject({ isBase64Encoded: true, body });
    expect(await resultOf('text/html; charset=UTF-8')).toMatchObject({ isBase64Encoded: false });
    expect(await resultOf('application/json')).toMatchObject({ isBase64Encoded: false });
  });

  it('has its cookies, and gets one, in the form of each kind of API', async () => {
    const { log } = await createApiClient();
    const fetch = async (request: Request) =>
      new Response(request.headers.get('cookie'), { headers: { 'set-cookie': 'c=3; Secure', 'x-other': '1' } });
    const handler = createLambdaHandler({ fetch }, log);
    const http = await handler({ rawPath: '/', cookies: ['a=1', 'b=2'] });
    expect(http).toMatchObject({ body: 'a=1; b=2', cookies: ['c=3; Secure'] });
    expect(http.headers).toEqual({ 'content-type': expect.anything(), 'x-other': '1' });
    const rest = await handler({ path: '/', headers: { Cookie: 'a=1; b=2' } });
    expect(rest).toMatchObject({ body: 'a=1; b=2', headers: { 'set-cookie': 'c=3; Secure' } });
  });

  it('gets a 500 without details when the app itself fails, and the error is logged', async () => {
    const { log, logged } = await createApiClient();
    const error = new Error('secret');
    const handler = createLambdaHandler({ fetch: () => Promise.reject(error) }, log);
    const { statusCode, body } = await handler(formats['an HTTP API (2.0)']?.({}) ?? {});
    expect([statusCode, body.includes('secret')]).toEqual([500, false]);
    expect(logged).toMatchObject([{ level: 'error', fields: { error } }]);
  });
});
