import { describe, expect, it, vi } from 'vitest';
import { findApiKey, putApiKey } from '../../../functions/core/access/api-key.ts';
import { unavailable } from '../../../functions/core/errors.ts';
import type { Backend } from '../../../functions/core/ports/backend.ts';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../helpers/api-client.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';

const counting = async () => {
  const reads: string[] = [];
  const client = await createApiClient(
    (backend): Backend => ({
      ...backend,
      table: {
        ...backend.table,
        get: (key) => {
          reads.push(key);
          return backend.table.get(key);
        },
      },
    }),
  );
  return { ...client, reads };
};

describe('authentication', () => {
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic c29fZnVsbA==',
    FULL_KEY,
    `Bearer ${FULL_KEY} more`,
    `Token ${FULL_KEY}`,
  ])('answers 401 missing_api_key to the header %j', async (authorization) => {
    const { app } = await createApiClient();
    const response = await app.request('/emails', { headers: authorization === undefined ? {} : { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      statusCode: 401,
      name: 'missing_api_key',
      message: expect.stringContaining('Authorization: Bearer <key>'),
    });
  });

  it.each(['so_other', 'x', `${FULL_KEY}x`, 'x'.repeat(5_000)])(
    'answers 403 invalid_api_key to the key %s',
    async (key) => {
      const { ask } = await createApiClient();
      const answer = await ask('GET', '/emails', undefined, { authorization: `Bearer ${key}` });
      expect(answer).toMatchObject({
        status: 403,
        body: { statusCode: 403, name: 'invalid_api_key', message: 'API key is invalid' },
      });
    },
  );

  it('accepts the scheme in upper and lower case, and several spaces after it', async () => {
    const { ask } = await createApiClient();
    for (const authorization of [`bearer ${FULL_KEY}`, `BEARER   ${FULL_KEY}`])
      expect((await ask('GET', '/emails', undefined, { authorization })).status).toBe(200);
  });

  it('lets a key with sending_access only send', async () => {
    const { ask } = await createApiClient();
    const authorization = `Bearer ${SENDING_KEY}`;
    const allowed = [
      ['/emails', plainEmail],
      ['/emails/', plainEmail],
      ['//emails', plainEmail],
      ['/emails/batch', [plainEmail]],
      ['//emails//batch', [plainEmail]],
    ] as const;
    for (const [path, body] of allowed) expect((await ask('POST', path, body, { authorization })).status).toBe(200);
    const { body } = await ask('POST', '/emails', plainEmail);
    const denied = [
      ['GET', '/emails'],
      ['GET', `/emails/${body.id}`],
      ['GET', `/emails/${body.id}/events`],
      ['PATCH', `/emails/${body.id}`],
      ['POST', `/emails/${body.id}/cancel`],
      ['POST', `/emails/${body.id}/retry`],
      ['GET', '/api-keys'],
      ['POST', '/api-keys'],
      ['DELETE', `/api-keys/${body.id}`],
      ['GET', '//api-keys'],
    ] as const;
    for (const [method, path] of denied)
      expect(await ask(method, path, undefined, { authorization })).toMatchObject({
        status: 401,
        body: { name: 'restricted_api_key' },
      });
  });

  it('is not needed for health and openapi.json', async () => {
    const { app } = await createApiClient();
    for (const path of ['/health', '/openapi.json']) expect((await app.request(path)).status).toBe(200);
  });
});

describe('the cache of keys', () => {
  it('reads a key once a minute', async () => {
    const { ask, clock, reads } = await counting();
    for (let count = 0; count < 3; count++) await ask('GET', '/emails');
    expect(reads).toHaveLength(1);
    clock.nowMs += 59_999;
    await ask('GET', '/emails');
    expect(reads).toHaveLength(1);
    clock.nowMs += 1;
    await ask('GET', '/emails');
    expect(reads).toHaveLength(2);
  });

  it('accepts a deleted key for at most 60 seconds', async () => {
    const { ask, clock, backend } = await createApiClient();
    const authorization = `Bearer ${SENDING_KEY}`;
    await ask('POST', '/emails', plainEmail, { authorization });
    const id = (await findApiKey(backend.table, SENDING_KEY))?.id;
    expect((await ask('DELETE', `/api-keys/${id}`)).status).toBe(200);
    clock.nowMs += 60_000;
    expect((await ask('POST', '/emails', plainEmail, { authorization })).status).toBe(403);
  });

  it('does not cache that a key is unknown, so a new key works at once', async () => {
    const { ask, reads } = await counting();
    const authorization = 'Bearer so_unknown';
    for (let count = 0; count < 2; count++) await ask('GET', '/emails', undefined, { authorization });
    expect(reads).toHaveLength(2);
  });

  it('answers 503 when keys cannot be read, and accepts no key', async () => {
    const client = await createApiClient((backend) => ({
      ...backend,
      table: { ...backend.table, get: () => Promise.reject(unavailable('DynamoDB is down')) },
    }));
    expect(await client.ask('GET', '/emails')).toMatchObject({ status: 503, body: { name: 'application_error' } });
  });

  it('removes the oldest of more than a thousand keys', async () => {
    const { ask, backend, reads } = await counting();
    const tokens = Array.from({ length: 1_000 }, (_, index) => `so_${index}`);
    for (const token of tokens) await putApiKey(backend.table, token, { name: token, permission: 'full_access' }, 0);
    await ask('GET', '/emails');
    for (const token of tokens) await ask('GET', '/emails', undefined, { authorization: `Bearer ${token}` });
    reads.length = 0;
    await ask('GET', '/emails', undefined, { authorization: 'Bearer so_999' });
    expect(reads).toHaveLength(0);
    await ask('GET', '/emails');
    expect(reads).toHaveLength(1);
  });
});

describe('the time a key was last used', () => {
  const waitingForWrites = async () => {
    const writes: (() => void)[] = [];
    const client = await createApiClient((backend) => ({
      ...backend,
      table: {
        ...backend.table,
        update: async (...args) => {
          await new Promise<void>((resolve) => void writes.push(resolve));
          return backend.table.update(...args);
        },
      },
    }));
    return { ...client, writes };
  };

  it('is written in parallel with the request’s own work, and before the answer, after which the function is frozen', async () => {
    const { ask, writes, backend } = await waitingForWrites();
    let answered = false;
    const asking = ask('POST', '/emails', plainEmail).finally(() => {
      answered = true;
    });
    await vi.waitFor(() => expect(backend.waiting()).toHaveLength(1));
    expect([writes.length, answered]).toEqual([1, false]);
    writes[0]?.();
    expect((await asking).status).toBe(200);
    expect((await findApiKey(backend.table, FULL_KEY))?.lastUsedAtMs).toBe(Date.parse('2026-11-21T12:00:00Z'));
    expect((await ask('POST', '/emails', plainEmail)).status).toBe(200);
    expect(writes).toHaveLength(1);
  });

  it('fails no request when it cannot be written, and is logged', async () => {
    const { ask, logged } = await createApiClient((backend) => ({
      ...backend,
      table: { ...backend.table, update: () => Promise.reject(unavailable('DynamoDB is down')) },
    }));
    expect((await ask('POST', '/emails', plainEmail)).status).toBe(200);
    expect(logged).toMatchObject([{ level: 'warn', fields: { keyId: expect.any(String) } }]);
  });
});
