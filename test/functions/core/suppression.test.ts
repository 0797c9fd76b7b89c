import { describe, expect, it } from 'vitest';
import { normalizeAddress } from '../../../functions/core/address.ts';
import {
  findSuppressed,
  findSuppression,
  type NewSuppression,
  suppress,
  suppressionId,
  unsuppress,
} from '../../../functions/core/suppression.ts';
import type { Announcement } from '../../../functions/core/webhook-event.ts';
import { createMemoryBackend } from '../../memory-backend.ts';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function setUp() {
  const { table } = createMemoryBackend();
  const told: Announcement[] = [];
  const announce = async (news: readonly Announcement[]) => void told.push(...news);
  const add = (...wanted: Omit<NewSuppression, 'atMs'>[]) =>
    suppress(
      table,
      announce,
      wanted.map((one) => ({ ...one, atMs: NOW_MS })),
    );
  const suppressed = async (sender: string, ...addresses: string[]) => [
    ...(await findSuppressed(table, sender, addresses)),
  ];
  return { table, told, announce, add, suppressed };
}

describe('an address', () => {
  it.each([
    ['A@Example.COM', 'a@example.com'],
    ['Ada <Ada.L+x@Example.com>', 'ada.l+x@example.com'],
    ['"a<b>" <c@example.com>', 'c@example.com'],
    [' a@münchen.example ', 'a@xn--mnchen-3ya.example'],
  ])('%s is compared as %s', (text, normal) => {
    expect(normalizeAddress(text)).toBe(normal);
  });
});

describe('the suppression list', () => {
  it('holds an address once, whatever its case and name, with its first origin', async () => {
    const { add, told, table, suppressed } = setUp();
    await add({ email: 'A <A@Example.com>', origin: 'bounce', sourceId: 'email-1' });
    await add({ email: 'a@example.com', origin: 'complaint' }, { email: 'a@EXAMPLE.com', origin: 'manual' });
    expect(await findSuppression(table, 'a@example.com')).toMatchObject({ origin: 'bounce', sourceId: 'email-1' });
    expect(told.map(({ type }) => type)).toEqual(['suppression.added']);
    expect(await suppressed('me@example.com', 'B <b@example.com>', 'A@example.COM')).toEqual(['A@example.COM']);
  });

  it('finds and removes by id and by address, and tells what was not there', async () => {
    const { add, table, announce, told } = setUp();
    await add({ email: 'a@example.com', origin: 'manual' }, { email: 'b@example.com', origin: 'manual' });
    const id = suppressionId('a@example.com');
    expect((await findSuppression(table, id))?.email).toBe('a@example.com');
    expect(await unsuppress(table, announce, [id, 'B@example.com', 'c@example.com'], NOW_MS)).toEqual([
      { id, deleted: true },
      { id: suppressionId('b@example.com'), deleted: true },
      { id: suppressionId('c@example.com'), deleted: false },
    ]);
    expect(told.filter(({ type }) => type === 'suppression.removed')).toHaveLength(2);
    expect(await findSuppression(table, id)).toBeUndefined();
  });

  it('keeps an unsubscribed address from its sender alone, until it bounces', async () => {
    const { add, suppressed } = setUp();
    const email = 'a@example.com';
    await add({ email, origin: 'unsubscribe', sender: 'News <news@example.com>' });
    await add({ email, origin: 'unsubscribe', sender: 'offers@example.com' });
    await add({ email, origin: 'unsubscribe', sender: 'news@example.com' });
    expect(await suppressed('NEWS@example.com', email)).toEqual([email]);
    expect(await suppressed('offers@example.com', email)).toEqual([email]);
    expect(await suppressed('receipts@example.com', email)).toEqual([]);
    await add({ email, origin: 'bounce' });
    expect(await suppressed('receipts@example.com', email)).toEqual([email]);
  });

  it('lets an unsubscription take nothing from a bounce', async () => {
    const { add, suppressed } = setUp();
    await add({ email: 'a@example.com', origin: 'bounce' });
    await add({ email: 'a@example.com', origin: 'unsubscribe', sender: 'news@example.com' });
    expect(await suppressed('anyone@example.com', 'a@example.com')).toEqual(['a@example.com']);
  });

  it('tells before it writes: after a crash in between it is told again under the same id', async () => {
    const { table, told, announce, add } = setUp();
    const down = { ...table, insert: async () => Promise.reject(new Error('down')) };
    const wanted = [{ email: 'a@example.com', origin: 'bounce' as const, sourceId: 'e', atMs: NOW_MS }];
    await expect(suppress(down, announce, wanted)).rejects.toThrow('down');
    await add({ email: 'a@example.com', origin: 'bounce', sourceId: 'e' });
    expect(told).toHaveLength(2);
    expect(told[0]?.eventId).toBe(told[1]?.eventId);
  });
});
