import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRouteTable } from '../../../../../lib/local/cloud/api-gateway/routes.ts';
import {
  functionResources,
  httpApiResources,
  openTestCloud,
  startTestCloud,
  type TestCloud,
  temporaryFolder,
} from '../fixtures/stack.ts';

/** Answers its event, or the content of the header x-answer. */
const source = `
export const handler = async (event) => {
  const wanted = event.headers['x-answer'];
  if (wanted === 'throw') throw new Error('no');
  if (wanted === 'nothing') return undefined;
  if (wanted === 'huge') return { statusCode: 200, body: 'x'.repeat(7 * 1024 * 1024) };
  if (wanted === 'exit') process.exit(1);
  if (wanted) return JSON.parse(wanted);
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
};`;

type GatewayEvent = {
  rawPath: string;
  rawQueryString: string;
  headers: Record<string, string>;
  cookies?: string[];
  queryStringParameters?: Record<string, string>;
  pathParameters?: Record<string, string>;
  requestContext: { http: Record<string, string>; timeEpoch: number; time: string };
  body?: string;
  isBase64Encoded: boolean;
};

let cloud: TestCloud;
beforeAll(async () => {
  const assetDirectory = temporaryFolder();
  const Resources = { ...functionResources(assetDirectory, 'Handler', { source }), ...httpApiResources('Handler') };
  cloud = await openTestCloud({ Resources }, { assetDirectory });
  return () => cloud.close();
});

async function eventOf(path: string, init: RequestInit = {}): Promise<GatewayEvent> {
  const response = await fetch(`${cloud.apiUrl}${path}`, init);
  expect(response.status).toBe(200);
  return (await response.json()) as GatewayEvent;
}

async function answering(answer: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = { 'x-answer': typeof answer === 'string' ? answer : JSON.stringify(answer) };
  return await fetch(`${cloud.apiUrl}/answer`, { ...init, headers });
}

describe('a request becomes an event of payload format 2.0', () => {
  it('with everything API Gateway puts into it', async () => {
    const event = await eventOf('/emails/42?a=1&b=x%20y', {
      headers: { 'User-Agent': 'test', 'X-Mixed-Case': 'Kept' },
    });
    const { host } = new URL(cloud.apiUrl);
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'ANY /{proxy+}',
      rawPath: '/emails/42',
      rawQueryString: 'a=1&b=x%20y',
      headers: expect.objectContaining({
        'user-agent': 'test',
        'x-mixed-case': 'Kept',
        host,
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      }),
      queryStringParameters: { a: '1', b: 'x y' },
      pathParameters: { proxy: 'emails/42' },
      requestContext: {
        accountId: '000000000000',
        apiId: expect.stringMatching(/^[0-9a-f]{10}$/),
        domainName: host,
        domainPrefix: expect.any(String),
        http: { method: 'GET', path: '/emails/42', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
        requestId: expect.any(String),
        routeKey: 'ANY /{proxy+}',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      isBase64Encoded: false,
    });
  });

  it('with repeated headers and parameters joined by commas, and cookies apart', async () => {
    const event = await new Promise<GatewayEvent>((resolve, reject) => {
      const outgoing = request(`${cloud.apiUrl}/x?tag=a&tag=b`, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(JSON.parse(text)));
      });
      outgoing.on('error', reject);
      outgoing.setHeader('x-many', ['one', 'two']);
      outgoing.setHeader('cookie', 'a=1; b=2');
      outgoing.end();
    });
    expect(event.headers['x-many']).toBe('one,two');
    expect(event.cookies).toEqual(['a=1', 'b=2']);
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.queryStringParameters).toEqual({ tag: 'a,b' });
  });

  it('with the path decoded and the query as it came', async () => {
    const event = await eventOf('/suppressions/me%40example.com?q=%2F');
    expect(event).toMatchObject({ rawPath: '/suppressions/me@example.com', rawQueryString: 'q=%2F' });
    expect((await eventOf('/100%')).rawPath).toBe('/100%');
  });

  it.each([
    ['application/json', '{"ü":1}', false],
    ['application/json; charset=utf-8', '{}', false],
    ['text/plain', 'text', false],
    ['application/x-www-form-urlencoded', 'a=b', true],
    ['application/octet-stream', '\u0000', true],
    ['', 'untyped', true],
  ])('with a body of type %j as text or base64', async (contentType, text, isBase64Encoded) => {
    const headers = contentType === '' ? {} : { 'content-type': contentType };
    const event = await eventOf('/x', { method: 'POST', body: Buffer.from(text), headers });
    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(event.body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString()).toBe(text);
  });

  it('without a body when there is none', async () => {
    expect(await eventOf('/x', { method: 'DELETE' })).not.toHaveProperty('body');
  });
});

describe('sizes', () => {
  const post = (sizeBytes: number) =>
    fetch(`${cloud.apiUrl}/x`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-answer': '"ok"' },
      body: 'x'.repeat(sizeBytes),
    });
  it.each([
    ['API Gateway’s 10 MB', 10 * 1024 * 1024 + 1],
    ['Lambda’s 6 MB', 6 * 1024 * 1024],
  ])('above %s are refused', async (_limit, sizeBytes) => {
    const response = await post(sizeBytes);
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  it('just below Lambda’s limit pass', async () => {
    expect((await post(6 * 1024 * 1024 - 4096)).status).toBe(200);
  });
});

describe('an answer becomes a response', () => {
  it('with status, headers, cookies and body', async () => {
    const cookies = ['a=1; Path=/', 'b=2'];
    const response = await answering({
      statusCode: 201,
      headers: { 'X-Own': 'yes', 'content-length': '999' },
      cookies,
      body: 'made',
    });
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('made');
    expect(response.headers.get('x-own')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(cookies);
  });

  it('with a base64 body as bytes', async () => {
    const response = await answering({ statusCode: 200, isBase64Encoded: true, body: 'AP8=' });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([0, 255]));
  });

  it('of 200 and JSON when it has no status', async () => {
    const response = await answering({ any: 'value' });
    expect([response.status, await response.json()]).toEqual([200, { any: 'value' }]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await (await answering('"text"')).text()).toBe('text');
  });

  it.each(['throw', 'exit', 'huge', { statusCode: 'no number' }])(
    'of 500 when the function fails: %o',
    async (answer) => {
      const response = await answering(answer);
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    },
  );

  it('without a body to HEAD', async () => {
    const response = await answering({ statusCode: 200, body: 'x' }, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('and is logged', async () => {
    await answering({ statusCode: 418 });
    expect(await cloud.waitFor('request', ({ status }) => status === 418)).toMatchObject({
      method: 'GET',
      path: '/answer',
    });
  });
});

describe('an API', () => {
  it('answers 404 where no route leads, and 503 when the function is throttled', async () => {
    expect((await fetch(`${cloud.apiUrl}/`)).status).toBe(404);
    const assetDirectory = temporaryFolder();
    const properties = { ReservedConcurrentExecutions: 0 };
    const Resources = {
      ...functionResources(assetDirectory, 'Handler', { source, properties }),
      ...httpApiResources('Handler'),
    };
    const throttled = await startTestCloud({ Resources }, { assetDirectory });
    expect((await fetch(`${throttled.apiUrl}/x`)).status).toBe(503);
  });

  it('answers 503 above the concurrency of the account, and a function URL 429', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = {
      ...functionResources(assetDirectory, 'Handler', { source }),
      ...functionResources(assetDirectory, 'Other', { source, properties: { ReservedConcurrentExecutions: 2 } }),
      ...httpApiResources('Handler'),
      Url: { Type: 'AWS::Lambda::Url', Properties: { TargetFunctionArn: { Ref: 'Handler' }, AuthType: 'NONE' } },
    };
    const full = await startTestCloud({ Resources }, { assetDirectory, lambdaConcurrency: 2 });
    expect((await fetch(`${full.apiUrl}/x`)).status).toBe(503);
    expect((await fetch(full.resource('Url').attributes.FunctionUrl ?? '')).status).toBe(429);
  });

  it('answers preflights by itself and adds CORS headers, when configured', async () => {
    const assetDirectory = temporaryFolder();
    const CorsConfiguration = {
      AllowOrigins: ['https://app.example.com'],
      AllowMethods: ['POST'],
      AllowHeaders: ['authorization'],
      MaxAge: 60,
    };
    const Resources = {
      ...functionResources(assetDirectory, 'Handler', { source }),
      ...httpApiResources('Handler', { CorsConfiguration }),
    };
    const { apiUrl } = await startTestCloud({ Resources }, { assetDirectory });
    const origin = 'https://app.example.com';
    const preflight = await fetch(`${apiUrl}/x`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '60',
    });
    const allowed = await fetch(`${apiUrl}/x`, { headers: { origin } });
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    const other = await fetch(`${apiUrl}/x`, { headers: { origin: 'https://evil.example.com' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('adds no CORS headers when not configured', async () => {
    const response = await fetch(`${cloud.apiUrl}/x`, { headers: { origin: 'https://app.example.com' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('routes', () => {
  const routes = createRouteTable<string>();
  for (const key of [
    '$default',
    'ANY /{proxy+}',
    'GET /emails/{id}',
    'ANY /emails/{id}',
    'GET /emails/all',
    'POST /emails/{id}/{action+}',
    'GET /',
  ]) {
    routes.add(key, key);
  }
  it.each([
    ['GET', '/emails/all', 'GET /emails/all', undefined],
    ['GET', '/emails/7', 'GET /emails/{id}', { id: '7' }],
    ['PUT', '/emails/7', 'ANY /emails/{id}', { id: '7' }],
    ['POST', '/emails/7/a/b', 'POST /emails/{id}/{action+}', { id: '7', action: 'a/b' }],
    ['GET', '/emails/7/a', 'ANY /{proxy+}', { proxy: 'emails/7/a' }],
    ['GET', '/', 'GET /', undefined],
    ['POST', '/', '$default', undefined],
  ])('%s %s → %s', (method, path, routeKey, pathParameters) => {
    expect(routes.match(method, path)).toMatchObject({ routeKey, pathParameters });
  });

  it('leads nowhere without a default', () => {
    const table = createRouteTable<string>();
    table.add('GET /a', 'a');
    expect(table.match('GET', '/b')).toBeUndefined();
    expect(table.match('POST', '/a')).toBeUndefined();
  });
});
