import { describe, expect, it } from 'vitest';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

const FROM_CONSOLE = { 'sendoff-console': '1', 'sec-fetch-site': 'same-origin' };

const setUp = async (options: { keyRateLimit?: number } = {}) => {
  const client = await createApiClient(undefined, options);
  const request = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const response = await client.app.request(`https://api.example${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response;
  };
  const signIn = (key: string, headers: Record<string, string> = FROM_CONSOLE) =>
    request('POST', '/console/session', headers, { key });
  const newKey = async (permission: string) =>
    (await client.ask('POST', '/api-keys', { name: permission, permission })).body as { id: string; token: string };
  /** The cookie of a new session, as a browser sends it. */
  const cookieOf = async (key: string) => (await signIn(key)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const withSession = async (key: string) => {
    const cookie = await cookieOf(key);
    return (method: string, path: string, headers: Record<string, string> = FROM_CONSOLE, body?: unknown) =>
      request(method, path, { cookie, ...headers }, body);
  };
  return { ...client, request, signIn, newKey, cookieOf, withSession };
};

describe('signing in', () => {
  it('exchanges a key for a cookie that scripts cannot read and other sites do not send', async () => {
    const { signIn } = await setUp();
    const response = await signIn(FULL_KEY);
    expect(response.status).toBe(201);
    const [, ...attributes] = response.headers.get('set-cookie')?.split('; ') ?? [];
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-sendoff=[\w.-]+;/);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(await response.json()).toEqual({
      object: 'session',
      permission: 'full_access',
      key_id: expect.any(String),
      key_name: 'Full',
      expires_at: '2026-11-22T00:00:00.000Z',
      deployment: 'Sendoff',
      region: 'eu-west-1',
      version: expect.any(String),
      tasks: false,
      inbox: null,
      retention_days: 30,
    });
  });

  it('gives a cookie without `Secure` on a laptop, whose name has the port', async () => {
    const { app } = await setUp();
    const headers = { ...FROM_CONSOLE, 'x-forwarded-proto': 'http' };
    const body = JSON.stringify({ key: FULL_KEY });
    const response = await app.request('https://127.0.0.1:4000/console/session', { method: 'POST', headers, body });
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^sendoff-4000=/);
    expect(cookie).not.toContain('Secure');
  });

  it('takes keys that see everything, and no others', async () => {
    const { signIn, newKey } = await setUp();
    expect((await signIn((await newKey('read_access')).token)).status).toBe(201);
    const sending = await signIn(SENDING_KEY);
    expect(sending.status).toBe(403);
    expect(await sending.json()).toMatchObject({
      name: 'restricted_api_key',
      message: expect.stringContaining('`full_access` or `read_access`'),
    });
    const unknown = await signIn('re_unknown');
    expect([unknown.status, unknown.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await unknown.json()).toMatchObject({ name: 'invalid_api_key' });
  });

  it('is refused to other sites', async () => {
    const { signIn } = await setUp();
    for (const site of ['cross-site', 'same-site', 'none'])
      expect((await signIn(FULL_KEY, { 'sec-fetch-site': site })).status).toBe(403);
  });

  it('answers 429 with Retry-After after ten failures, with a valid key too', async () => {
    const { signIn } = await setUp();
    for (let n = 0; n < 10; n++) expect((await signIn('re_guess')).status).toBe(403);
    const refused = await signIn(FULL_KEY);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('900');
    expect(await refused.json()).toMatchObject({ name: 'rate_limit_exceeded' });
  });
});

describe('a session', () => {
  it('may do what its key may', async () => {
    const { withSession, newKey } = await setUp();
    const full = await withSession(FULL_KEY);
    expect((await full('POST', '/emails', FROM_CONSOLE, plainEmail)).status).toBe(200);
    const reading = await withSession((await newKey('read_access')).token);
    expect((await reading('GET', '/emails')).status).toBe(200);
    const refused = await reading('POST', '/emails', FROM_CONSOLE, plainEmail);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ name: 'restricted_api_key' });
  });

  it('ends with its key, at most a minute later', async () => {
    const { withSession, newKey, ask, clock } = await setUp();
    const { id, token } = await newKey('full_access');
    const session = await withSession(token);
    expect((await session('GET', '/emails')).status).toBe(200);
    await ask('DELETE', `/api-keys/${id}`);
    clock.nowMs += 60_000;
    expect((await session('GET', '/emails')).status).toBe(403);
  });

  it('ends after 12 hours', async () => {
    const { withSession, clock } = await setUp();
    const session = await withSession(FULL_KEY);
    clock.nowMs += 12 * 3_600_000 - 1;
    expect((await session('GET', '/console/session')).status).toBe(200);
    clock.nowMs += 1;
    expect((await session('GET', '/console/session')).status).toBe(401);
  });

  it('is deleted from the browser by signing out, by the console alone', async () => {
    const { withSession } = await setUp();
    const session = await withSession(FULL_KEY);
    expect((await session('DELETE', '/console/session', {})).headers.get('set-cookie')).toBeNull();
    const cookie = (await session('DELETE', '/console/session')).headers.get('set-cookie');
    expect(cookie).toMatch(/^__Host-sendoff=; Path=\/; Max-Age=0;/);
  });

  it('counts against the rate limit of its key, but a false one does not', async () => {
    const { withSession, cookieOf, request, ask } = await setUp({ keyRateLimit: 3 });
    const session = await withSession(FULL_KEY);
    const cookie = (await cookieOf(FULL_KEY)).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const forged = Array.from({ length: 5 }, () => request('GET', '/emails', { cookie, ...FROM_CONSOLE }));
    for (const { status } of await Promise.all(forged)) expect(status).toBe(403);
    expect((await session('GET', '/emails')).status).toBe(200);
    expect((await ask('GET', '/emails')).headers.get('ratelimit-remaining')).toBe('1');
    expect((await session('GET', '/emails')).status).toBe(200);
    expect((await session('GET', '/emails')).status).toBe(429);
  });

  it('is not looked at if there is a key', async () => {
    const { withSession } = await setUp();
    const session = await withSession(FULL_KEY);
    const wrong = { ...FROM_CONSOLE, authorization: 'Bearer re_wrong' };
    expect((await session('GET', '/emails', wrong)).status).toBe(403);
    const right = { authorization: `Bearer ${SENDING_KEY}` };
    expect((await session('GET', '/emails', right)).status).toBe(401);
  });
});

describe('another site', () => {
  it.each([
    ['without the header', {}],
    ['with another value of it', { 'sendoff-console': '2' }],
    ['from another site', { ...FROM_CONSOLE, 'sec-fetch-site': 'cross-site' }],
    ['from a neighbouring host', { ...FROM_CONSOLE, 'sec-fetch-site': 'same-site' }],
    ['by an address that was opened', { ...FROM_CONSOLE, 'sec-fetch-site': 'none' }],
  ])('cannot use the cookie %s', async (_how, headers) => {
    const { withSession } = await setUp();
    const session = await withSession(FULL_KEY);
    for (const [method, path] of [
      ['GET', '/emails'],
      ['POST', '/emails'],
      ['DELETE', '/api-keys/x'],
    ] as const)
      expect((await session(method, path, headers)).status).toBe(401);
  });

  it('cannot frame a preview or send a form to it; the console and a person can', async () => {
    const { withSession, ask } = await setUp();
    const session = await withSession(FULL_KEY);
    const { id } = (await ask('POST', '/emails', plainEmail)).body;
    const statuses = async (site: string) => {
      const headers = { 'sec-fetch-site': site };
      const shown = await session('GET', `/console/preview/emails/${id}`, headers);
      return [shown.status, (await session('POST', '/emails', headers, plainEmail)).status];
    };
    expect(await statuses('same-origin')).toEqual([200, 401]);
    expect(await statuses('none')).toEqual([200, 401]);
    expect(await statuses('cross-site')).toEqual([401, 401]);
  });

  it('is not let in by a browser that does not say where a request comes from: `SameSite` keeps the cookie', async () => {
    const { withSession } = await setUp();
    const session = await withSession(FULL_KEY);
    expect((await session('GET', '/emails', { 'sendoff-console': '1' })).status).toBe(200);
  });
});

describe('the secret of a webhook', () => {
  it('is not shown to a key that may only read', async () => {
    const { ask, newKey } = await setUp();
    const { body } = await ask('POST', '/webhooks', { endpoint: 'https://example.com/', events: ['email.sent'] });
    const { token } = await newKey('read_access');
    const authorization = `Bearer ${token}`;
    expect((await ask('GET', `/webhooks/${body.id}`)).body.signing_secret).toMatch(/^whsec_/);
    const seen = (await ask('GET', `/webhooks/${body.id}`, undefined, { authorization })).body;
    expect(seen).toMatchObject({ endpoint: 'https://example.com/', signing_secret: null });
  });
});
