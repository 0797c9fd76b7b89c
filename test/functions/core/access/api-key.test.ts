import { describe, expect, it } from 'vitest';
import {
  apiKeyKey,
  checkSender,
  createApiKey,
  findApiKey,
  noteUse,
  putApiKey,
  renameApiKey,
} from '../../../../functions/core/access/api-key.ts';
import { deleteApiKey } from '../../../../functions/core/access/api-key-deletion.ts';
import { isId } from '../../../../functions/core/ids.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const options = { name: 'Shop', permission: 'sending_access' } as const;

describe('an API key', () => {
  it('is found by its token, which is never stored', async () => {
    const { table } = createMemoryBackend();
    const { id, token } = await createApiKey(table, options, 1_000);
    expect(token).toMatch(/^re_[\w-]{43}$/);
    expect(isId(id)).toBe(true);
    const found = await findApiKey(table, token);
    expect(found).toEqual({ id, ...options, tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/), createdAtMs: 1_000 });
    expect(JSON.stringify(await table.get(apiKeyKey(id)))).not.toContain(token);
    expect(await table.query({ index: 'list', partition: 'api-key', limit: 9, order: 'ascending' })).toHaveLength(1);
  });

  it('is not found by another token', async () => {
    const { table } = createMemoryBackend();
    const { token } = await createApiKey(table, options, 1_000);
    for (const other of ['', 're_', token.slice(0, -1), `${token}x`, token.toUpperCase()])
      expect(await findApiKey(table, other)).toBeUndefined();
  });

  it('is not accepted when the document holds the hash of another token', async () => {
    const { table } = createMemoryBackend();
    const { id, token } = await createApiKey(table, options, 1_000);
    await table.update(apiKeyKey(id), { set: { tokenHash: 'another' } });
    expect(await findApiKey(table, token)).toBeUndefined();
  });

  it('keeps its first name when the same token is stored again', async () => {
    const { table } = createMemoryBackend();
    const id = await putApiKey(table, 'token', options, 1_000);
    expect(await putApiKey(table, 'token', { ...options, name: 'Other' }, 2_000)).toBe(id);
    expect(await findApiKey(table, 'token')).toMatchObject({ name: 'Shop', createdAtMs: 1_000 });
  });

  it('can be renamed and deleted, once', async () => {
    const { table } = createMemoryBackend();
    const id = await putApiKey(table, 'token', options, 1_000);
    expect((await renameApiKey(table, id, 'New')).document?.name).toBe('New');
    expect(await deleteApiKey(table, id, 2_000)).toBe(true);
    expect(await deleteApiKey(table, id, 2_000)).toBe(false);
    expect((await renameApiKey(table, id, 'New')).applied).toBe(false);
    expect(await findApiKey(table, 'token')).toBeUndefined();
  });
});

describe('the use of an API key', () => {
  const HOUR_MS = 3_600_000;
  const inUse = async () => {
    const { table } = createMemoryBackend();
    const writes: unknown[] = [];
    const counted: typeof table = {
      ...table,
      update: (key, change, anyOf) => {
        writes.push(change.set);
        return table.update(key, change, anyOf);
      },
    };
    await putApiKey(table, 'token', options, 1_000);
    const use = async (nowMs: number) => {
      const key = await findApiKey(table, 'token');
      if (key) await noteUse(counted, key, nowMs);
    };
    return { table, writes, use, usedAtMs: async () => (await findApiKey(table, 'token'))?.lastUsedAtMs };
  };

  it('is recorded with its hour, once an hour', async () => {
    const { writes, use, usedAtMs } = await inUse();
    expect(await usedAtMs()).toBeUndefined();
    for (const nowMs of [5 * HOUR_MS + 7, 5 * HOUR_MS + 8, 6 * HOUR_MS - 1]) await use(nowMs);
    expect(await usedAtMs()).toBe(5 * HOUR_MS);
    await use(6 * HOUR_MS);
    expect([writes.length, await usedAtMs()]).toEqual([2, 6 * HOUR_MS]);
  });

  it('is never moved back by a function whose clock or copy of the key is behind', async () => {
    const { table, use, usedAtMs } = await inUse();
    const old = await findApiKey(table, 'token');
    await use(6 * HOUR_MS);
    await use(4 * HOUR_MS);
    if (old) await noteUse(table, old, 5 * HOUR_MS);
    expect(await usedAtMs()).toBe(6 * HOUR_MS);
  });

  it('does not bring back a key that was deleted meanwhile', async () => {
    const { table } = await inUse();
    const key = await findApiKey(table, 'token');
    await deleteApiKey(table, key?.id ?? '', 2_000);
    if (key) await noteUse(table, key, HOUR_MS);
    expect(await findApiKey(table, 'token')).toBeUndefined();
  });
});

describe('a key of one domain', () => {
  const key = { id: '', ...options, tokenHash: '', createdAtMs: 0 };

  it('sends only from that domain, not from parent domains or subdomains', () => {
    const confined = { ...key, domain: 'example.com' };
    expect(() => checkSender(confined, 'a@Example.com')).not.toThrow();
    for (const address of ['a@mail.example.com', 'a@com', 'a@example.org', '"x@example.com"@example.org'])
      expect(() => checkSender(confined, address)).toThrow(/^This API key is not authorized to send emails from /);
  });

  it('does not limit other keys, which send from any domain', () => {
    expect(() => checkSender(key, 'a@example.org')).not.toThrow();
  });
});
