import { describe, expect, it } from 'vitest';
import { createLambdaHandler } from '../../../../functions/api/api-gateway.ts';
import { consoleFiles } from '../../../../functions/api/console/files.ts';
import { createApiClient } from '../../../helpers/api-client.ts';

const { app, log } = await createApiClient();
const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(`https://api.example${path}`, { headers });

describe('the page of the console', () => {
  it.each([
    ['/console', 'console/assets/'],
    ['/console/', 'assets/'],
    ['//console', 'console/assets/'],
  ])('at %s names its script relative to itself', async (path, base) => {
    expect(await (await get(path)).text()).toContain(`src="${base}main.ABCDEFGH.js"`);
  });

  it('is asked for each time, runs no inline script, loads nothing from elsewhere, and is in no frame', async () => {
    const { headers } = await get('/console');
    expect(headers.get('cache-control')).toBe('no-cache');
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy.split('; ')).toContain(rule);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });
});

describe('an asset', () => {
  const path = '/console/assets/main.ABCDEFGH.js';
  it.each([
    ['br, gzip', 'br', 'brotli'],
    ['gzip, deflate', 'gzip', 'gzip'],
    ['gzip;q=1.0, br;q=0', 'gzip', 'gzip'],
    ['gzip;q=0.5, br;q=0.001', 'br', 'brotli'],
    ['', null, 'plain'],
    ['identity', null, 'plain'],
  ])('is compressed for a browser that accepts %j by %s', async (accepted, encoding, content) => {
    const response = await get(path, { 'accept-encoding': accepted });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(await response.text()).toBe(content);
    expect(response.headers.get('vary')).toBe('accept-encoding');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('is passed through API Gateway as bytes, and as text through a REST API, which passes no others', async () => {
    const handler = createLambdaHandler(app, log);
    const headers = { 'accept-encoding': 'br' };
    const http = { rawPath: path, headers, requestContext: { domainName: 'api.example', http: { method: 'GET' } } };
    expect(await handler(http)).toMatchObject({ isBase64Encoded: true, body: btoa('brotli') });
    const rest = {
      path,
      httpMethod: 'GET',
      headers,
      requestContext: { domainName: 'a.example', path: `/prod${path}` },
    };
    expect(await handler(rest)).toMatchObject({ isBase64Encoded: false, body: 'plain' });
  });

  it.each(['index.html', 'other.ABCDEFGH.js', 'main.ABCDEFGH.js.br', '..%2Findex.mjs', 'main.ABCDEFGH.map'])(
    'is not %s',
    async (name) => expect((await get(`/console/assets/${name}`)).status).toBe(404),
  );
});

describe('the files of the console', () => {
  it('are those of one folder', async () => {
    const files = consoleFiles(new URL('../../../../functions/console/', import.meta.url));
    expect(Buffer.from((await files.read('page.html')) ?? '').toString()).toContain('<!--assets-->');
    for (const name of ['none.html', '../../package.json', '/etc/hosts', 'api', '.', ''])
      expect(await files.read(name)).toBeUndefined();
  });
});
