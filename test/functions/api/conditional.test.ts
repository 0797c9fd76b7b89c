import { describe, expect, it } from 'vitest';
import { createApiClient } from '../../helpers/api-client.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';

const CONSOLE = { 'sendoff-console': '1' };

describe('a GET of JSON', () => {
  it('answers 304 without a body while the answer is the same, and 200 when it has changed', async () => {
    const { ask } = await createApiClient();
    const first = await ask('GET', '/emails', undefined, CONSOLE);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const given of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, body, headers } = await ask('GET', '/emails', undefined, { 'if-none-match': given });
      expect([status, body, headers.get('etag'), headers.get('content-type')]).toEqual([304, undefined, etag, null]);
    }
    await ask('POST', '/emails', plainEmail);
    const changed = await ask('GET', '/emails', undefined, { 'if-none-match': etag });
    expect([changed.status, changed.body.data.length]).toEqual([200, 1]);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('has a tag only if it is asked for, and only if it succeeded', async () => {
    const { ask } = await createApiClient();
    expect((await ask('GET', '/emails')).headers.get('etag')).toBeNull();
    const unknown = await ask('GET', '/emails/x', undefined, { ...CONSOLE, 'if-none-match': '*' });
    expect([unknown.status, unknown.headers.get('etag')]).toEqual([404, null]);
    expect((await ask('POST', '/emails', plainEmail, CONSOLE)).headers.get('etag')).toBeNull();
  });

  it('is not kept by browsers, and keeps the headers of the rate limit', async () => {
    const { ask } = await createApiClient(undefined, { keyRateLimit: 5 });
    const { headers } = await ask('GET', '/emails', undefined, CONSOLE);
    expect([headers.get('cache-control'), headers.get('ratelimit-remaining')]).toEqual(['private, no-store', '4']);
    const again = await ask('GET', '/emails', undefined, { 'if-none-match': headers.get('etag') ?? '' });
    expect([again.status, again.headers.get('ratelimit-remaining')]).toEqual([304, '3']);
  });
});
