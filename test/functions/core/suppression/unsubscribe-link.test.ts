import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import {
  createBroadcastUnsubscribe,
  createUnsubscribeKey,
  openToken,
  sealToken,
} from '../../../../functions/core/suppression/unsubscribe-link.ts';
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

describe('the token of an ordinary email', () => {
  it('is the one of earlier versions, whose links go on working', () => {
    const token =
      'wiZoPbKl7uIwHsXagQlSypJqYJc3o24PTRDw5iOBzgGZpMTw0nn68LiqxjF_-yG9fzpOb88YqQEHwrWythMawdUFTd6Wu6CrxkVJe_VJ49YlR_5VLmg8bJDcdL8HqTIyGSk2c5tksERU';
    const known = { ...unsubscription, emailId: '0a1b2c3d-0000-4000-8000-000000000000' };
    expect(openToken(Buffer.alloc(32, 7), token)).toEqual(known);
    expect(sealToken(Buffer.alloc(32, 7), known)).toBe(token);
  });
});

describe('the unsubscribe link of a broadcast', () => {
  const [id, contactId, topicId] = [newId(), newId(), newId()];

  it.each([{ id, contactId, topicId }, { id, contactId }, { id, topicId }, { id }, { id: 'b', contactId: 'c' }])(
    'decrypts to %j',
    (broadcast) => {
      for (const emailId of [newId(), 'one'])
        expect(openToken(key, sealToken(key, { ...unsubscription, emailId, broadcast }))).toEqual({
          ...unsubscription,
          emailId,
          broadcast,
        });
    },
  );

  it('has both headers of RFC 8058 with its URL, and reads the key once', async () => {
    const { table } = createMemoryBackend();
    let reads = 0;
    const get: typeof table.get = (wanted) => {
      reads++;
      return table.get(wanted);
    };
    const broadcastUnsubscribe = createBroadcastUnsubscribe({ ...table, get }, 'https://mail.example.com/prod');
    const recipient = { ...unsubscription, broadcast: { id, contactId } };
    const { url, headers } = await broadcastUnsubscribe(recipient);
    expect(headers).toEqual({
      'List-Unsubscribe': `<${url}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
    const token = url.slice('https://mail.example.com/prod/unsubscribe/'.length);
    expect(openToken(await createUnsubscribeKey(table)(), token)).toEqual(recipient);
    await Promise.all([1, 2, 3].map(() => broadcastUnsubscribe(recipient)));
    expect(reads).toBe(1);
  });

  it('fits into a line of a message with the longest addresses, and is opened again', async () => {
    const { table } = createMemoryBackend();
    const long = (name: string) => `${name.repeat(64)}@${`${'d'.repeat(61)}.`.repeat(3)}com`;
    const recipient = { email: long('a'), sender: long('b'), emailId: newId(), broadcast: { id, contactId, topicId } };
    expect(recipient.email).toHaveLength(254);
    const { url, headers } = await createBroadcastUnsubscribe(table, `https://${'h'.repeat(60)}.example`)(recipient);
    // RFC 5322 2.1.1, without the line break.
    expect(`List-Unsubscribe: ${headers['List-Unsubscribe']}`.length).toBeLessThanOrEqual(998);
    const token = url.split('/unsubscribe/')[1] ?? '';
    expect(openToken(await createUnsubscribeKey(table)(), token)).toEqual(recipient);
  });
});
