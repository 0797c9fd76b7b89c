import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createUnsubscribeKey, openToken, sealToken } from '../../../../functions/core/suppression/unsubscribe-link.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const key = randomBytes(32);
const unsubscription = { email: 'ada@example.com', sender: 'news@example.com', emailId: 'one' };

describe('an unsubscribe token', () => {
  it('decrypts to what was encrypted, and is the same for the same email', () => {
    const token = sealToken(key, { ...unsubscription, email: 'Ada <Ada@Example.com>' });
    expect(openToken(key, token)).toEqual(unsubscription);
    expect(sealToken(key, unsubscription)).toBe(token);
    expect(sealToken(key, { ...unsubscription, email: 'Ada <"ada"@example.com>' })).toBe(token);
    expect(sealToken(key, { ...unsubscription, emailId: 'two' })).not.toBe(token);
  });

  it('shows no address, neither plain nor encoded', () => {
    const token = sealToken(key, unsubscription);
    expect(token).toMatch(/^[\w-]+$/);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/ada|news|example/);
  });

  it('does not decrypt if it has another key, is changed in any bit, cut or invented', () => {
    const token = sealToken(key, unsubscription);
    const bytes = Buffer.from(token, 'base64url');
    expect(openToken(randomBytes(32), token)).toBeUndefined();
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(openToken(key, changed.toString('base64url'))).toBeUndefined();
      expect(openToken(key, bytes.subarray(0, index).toString('base64url'))).toBeUndefined();
    }
    for (const text of ['', 'x', '../../etc', '%00', 'A'.repeat(100_000)]) expect(openToken(key, text)).toBeUndefined();
  });

  it('has one key for all functions, even if several create it at once', async () => {
    const { table } = createMemoryBackend();
    const keys = await Promise.all([1, 2, 3, 4].map(() => createUnsubscribeKey(table)()));
    expect(new Set(keys.map((one) => one.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
  });

  it('gets its key after a table that failed works again', async () => {
    const { table } = createMemoryBackend();
    let up = false;
    const get: typeof table.get = (wanted) => (up ? table.get(wanted) : Promise.reject(new Error('down')));
    const read = createUnsubscribeKey({ ...table, get });
    await expect(read()).rejects.toThrow('down');
    up = true;
    expect(await read()).toHaveLength(32);
  });
});
