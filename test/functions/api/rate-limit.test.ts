import { Resend } from 'resend';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Backend } from '../../../functions/core/ports/backend.ts';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../helpers/api-client.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';

const limited = (keyRateLimit: number) => createApiClient((backend) => backend, { keyRateLimit });

const rateHeaders = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => /^ratelimit-|^retry-after$/.test(name)));

describe('the rate limit of an API key', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('tells with each answer what is left of the second', async () => {
    const { ask } = await limited(3);
    const left = [
      await ask('GET', '/emails'),
      await ask('GET', '/emails/none'),
      await ask('POST', '/emails', plainEmail),
    ];
    expect(left.map(({ status, headers }) => [status, rateHeaders(headers)])).toEqual([
      [200, { 'ratelimit-limit': '3', 'ratelimit-remaining': '2', 'ratelimit-reset': '1' }],
      [404, { 'ratelimit-limit': '3', 'ratelimit-remaining': '1', 'ratelimit-reset': '1' }],
      [200, { 'ratelimit-limit': '3', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }],
    ]);
  });

  it('answers 429 beyond it, does nothing, and is over with the second', async () => {
    const { ask, backend, clock } = await limited(1);
    await ask('GET', '/emails');
    const refused = await ask('POST', '/emails', plainEmail);
    expect(refused).toMatchObject({
      status: 429,
      body: {
        statusCode: 429,
        name: 'rate_limit_exceeded',
        message:
          'Too many requests. You can only make 1 requests per second. See rate limit response headers for more information.',
      },
    });
    expect(rateHeaders(refused.headers)).toEqual({
      'ratelimit-limit': '1',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '1',
      'retry-after': '1',
    });
    expect(backend.waiting()).toEqual([]);
    clock.nowMs += 1_000;
    expect((await ask('POST', '/emails', plainEmail)).status).toBe(200);
  });

  it('is one for each key, and none for what asks for no key', async () => {
    const { ask, app } = await limited(1);
    expect((await ask('GET', '/emails')).status).toBe(200);
    expect((await ask('POST', '/emails', plainEmail, { authorization: `Bearer ${SENDING_KEY}` })).status).toBe(200);
    for (const _ of [1, 2]) expect((await app.request('/health')).status).toBe(200);
  });

  it('lets no unknown key pass', async () => {
    const { ask } = await limited(1);
    for (const _ of [1, 2])
      expect((await ask('GET', '/emails', undefined, { authorization: 'Bearer re_x' })).status).toBe(403);
  });

  it('is what the official client reports as its error', async () => {
    const { app } = await limited(1);
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => app.request(url, init));
    const resend = new Resend(FULL_KEY, { baseUrl: 'https://api.example.com' });
    expect((await resend.emails.send(plainEmail)).error).toBeNull();
    const { error, headers } = await resend.emails.send(plainEmail);
    expect(error).toMatchObject({ statusCode: 429, name: 'rate_limit_exceeded' });
    expect(headers).toMatchObject({ 'retry-after': '1', 'ratelimit-limit': '1', 'ratelimit-remaining': '0' });
  });

  it('costs nothing and is not mentioned when there is none', async () => {
    const updates: string[] = [];
    const { ask } = await createApiClient((backend): Backend => {
      const update: typeof backend.table.update = (key, ...change) => {
        updates.push(key);
        return backend.table.update(key, ...change);
      };
      return { ...backend, table: { ...backend.table, update } };
    });
    await ask('GET', '/emails');
    updates.length = 0;
    const answer = await ask('POST', '/emails', plainEmail);
    expect([answer.status, rateHeaders(answer.headers), updates]).toEqual([200, {}, []]);
  });
});
