import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { createUnsubscribeKey, openToken, sealToken } from '../../../../functions/core/suppression/unsubscribe-link.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const key = randomBytes(32);
const unsubscription = { email: 'ada@example.com', sender: 'news@example.com', emailId: 'one' };

describe('an unsubscribe token', () => {
  it('opens to what was sealed, and is the same for the same email', () => {
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

  it('of another key, changed in any bit, cut, or made up, opens to nothing', () => {
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

  it('has one key for all functions, though several make it at once', async () => {
    const { table } = createMemoryBackend();
    const keys = await Promise.all([1, 2, 3, 4].map(() => createUnsubscribeKey(table)()));
    expect(new Set(keys.map((one) => one.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
  });

  it('is made after a table that failed has come back', async () => {
    const { table } = createMemoryBackend();
    let up = false;
    const get: typeof table.get = (wanted) => (up ? table.get(wanted) : Promise.reject(new Error('down')));
    const read = createUnsubscribeKey({ ...table, get });
    await expect(read()).rejects.toThrow('down');
    up = true;
    expect(await read()).toHaveLength(32);
  });
});

describe('asking for an unsubscribe link', () => {
  const email = (headers: Record<string, string>, more: object = {}) =>
    parseEmail({ from: 'me@example.com', to: 'a@example.com', subject: 's', text: 't', headers, ...more }, 0);

  it('is a custom header, which every SDK can send', async () => {
    expect((await email({ 'x-sendoff-unsubscribe': 'true' })).headers).toEqual({ 'x-sendoff-unsubscribe': 'true' });
  });

  it.each([
    ['needs one recipient', { 'X-Sendoff-Unsubscribe': 'true' }, { cc: 'b@example.com' }, /exactly one recipient/],
    [
      'excludes a link of the caller',
      { 'X-Sendoff-Unsubscribe': 'true', 'List-Unsubscribe': '<https://x.example/>' },
      {},
      /exclude each other/,
    ],
    ['is `true` or absent', { 'X-Sendoff-Unsubscribe': 'yes please' }, {}, /must be `true`/],
    ['is spelled right', { 'X-Sendoff-Unsubscrib': 'true' }, {}, /Did you mean `X-Sendoff-Unsubscribe`/],
  ])('%s', async (_rule, headers, more, message) => {
    await expect(email(headers as Record<string, string>, more)).rejects.toThrow(message);
  });
});
