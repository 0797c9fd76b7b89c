import { describe, expect, it } from 'vitest';
import {
  apiKeyKey,
  createApiKey,
  deleteApiKey,
  findApiKey,
  putApiKey,
  renameApiKey,
} from '../../../functions/core/api-key.ts';
import { isId } from '../../../functions/core/identity.ts';
import { createMemoryBackend } from '../../memory-backend.ts';

const options = { name: 'Shop', permission: 'sending_access' } as const;

describe('an API key', () => {
  it('is found by its token, which is never stored', async () => {
    const { table } = createMemoryBackend();
    const { id, token } = await createApiKey(table, options, 1_000);
    expect(token).toMatch(/^so_[\w-]{43}$/);
    expect(isId(id)).toBe(true);
    const found = await findApiKey(table, token);
    expect(found).toEqual({ id, ...options, tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/), createdAtMs: 1_000 });
    expect(JSON.stringify(await table.get(apiKeyKey(id)))).not.toContain(token);
    expect(await table.query({ index: 'list', partition: 'api-key', limit: 9, order: 'ascending' })).toHaveLength(1);
  });

  it('is not found by another token', async () => {
    const { table } = createMemoryBackend();
    const { token } = await createApiKey(table, options, 1_000);
    for (const other of ['', 'so_', token.slice(0, -1), `${token}x`, token.toUpperCase()])
      expect(await findApiKey(table, other)).toBeUndefined();
  });

  it('is not believed when another document stands in its place', async () => {
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
    expect(await deleteApiKey(table, id)).toBe(true);
    expect(await deleteApiKey(table, id)).toBe(false);
    expect((await renameApiKey(table, id, 'New')).applied).toBe(false);
    expect(await findApiKey(table, 'token')).toBeUndefined();
  });
});
