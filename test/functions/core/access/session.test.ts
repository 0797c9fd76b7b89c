import { describe, expect, it } from 'vitest';
import { type ApiKey, createApiKey, findKeyOf } from '../../../../functions/core/access/api-key.ts';
import { deleteApiKey } from '../../../../functions/core/access/api-key-deletion.ts';
import { createSession, readSession, SESSION_MS } from '../../../../functions/core/access/session.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const key = (given: Partial<ApiKey> = {}): ApiKey => ({
  id: '8907a195-a101-8238-bae9-e10ae4086436',
  name: 'Key',
  permission: 'full_access',
  tokenHash: 'a'.repeat(64),
  createdAtMs: 0,
  ...given,
});

describe('a session', () => {
  it('is one of its key for 12 hours, to the millisecond', () => {
    const { value, expiresAtMs } = createSession(key(), NOW_MS);
    expect(expiresAtMs).toBe(NOW_MS + 12 * 3_600_000);
    expect(readSession(value, expiresAtMs - 1)?.isOf(key())).toBe(true);
    expect(readSession(value, expiresAtMs)).toBeUndefined();
  });

  it('has only characters that a cookie may have, and shows nothing of the key but its id', () => {
    const { value } = createSession(key(), NOW_MS);
    expect(value).toMatch(/^[\w.-]+$/);
    expect(value).not.toContain(key().tokenHash);
  });

  it.each([
    ['a later expiry', (value: string) => value.replace(/\.\d+\./, `.${NOW_MS + 2 * SESSION_MS}.`)],
    ['another key', (value: string) => value.replace(/^8907/, '8908')],
    ['another signature', (value: string) => value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
  ])('is of no key with %s', (_what, forge) => {
    const { value } = createSession(key(), NOW_MS);
    expect(forge(value)).not.toBe(value);
    const session = readSession(forge(value), NOW_MS);
    expect(session?.isOf(key())).toBe(false);
    expect(session?.isOf(key({ id: session.keyId }))).toBe(false);
  });

  it('is of no other key, and not of a key with the same id and another token', () => {
    const { value } = createSession(key(), NOW_MS);
    expect(readSession(value, NOW_MS)?.isOf(key({ tokenHash: 'b'.repeat(64) }))).toBe(false);
    expect(readSession(value, NOW_MS)?.isOf(key({ id: '00000000-a101-8238-bae9-e10ae4086436' }))).toBe(false);
  });

  it.each([
    '',
    'x',
    '..',
    '8907a195-a101-8238-bae9-e10ae4086436.1.',
    `${'-'.repeat(36)}.99999999999999.${'A'.repeat(43)}`,
  ])('is not read from %j', (value) => {
    expect(readSession(value, NOW_MS)).toBeUndefined();
  });

  it('ends with its key', async () => {
    const { table } = createMemoryBackend({ now: () => NOW_MS });
    const { id } = await createApiKey(table, { name: 'Key', permission: 'read_access' }, NOW_MS);
    const stored = await table.get<ApiKey>(`api-key#${id}`);
    const session = readSession(createSession(stored ?? key(), NOW_MS).value, NOW_MS);
    expect(session && (await findKeyOf(table, session))).toMatchObject({ id });
    await deleteApiKey(table, id, NOW_MS);
    expect(session && (await findKeyOf(table, session))).toBeUndefined();
  });
});
