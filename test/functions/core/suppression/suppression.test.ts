import { describe, expect, it } from 'vitest';
import { normalizeAddress } from '../../../../functions/core/email/address.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { derivedId } from '../../../../functions/core/ids.ts';
import {
  findSuppressed,
  findSuppression,
  isUnsubscribed,
  type NewSuppression,
  resubscribe,
  suppress,
  suppressionId,
  suppressionKey,
  unsuppress,
} from '../../../../functions/core/suppression/suppression.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function setUp() {
  const { table } = createMemoryBackend();
  const published: WebhookEvent[] = [];
  const publish = async (events: readonly WebhookEvent[]) => void published.push(...events);
  const add = (...wanted: Omit<NewSuppression, 'atMs'>[]) =>
    suppress(
      table,
      publish,
      wanted.map((one) => ({ ...one, atMs: NOW_MS })),
    );
  const suppressed = async (sender: string, ...addresses: string[]) => [
    ...(await findSuppressed(table, sender, addresses)),
  ];
  return { table, published, publish, add, suppressed };
}

describe('an address', () => {
  it.each([
    ['A@Example.COM', 'a@example.com'],
    ['Ada <Ada.L+x@Example.com>', 'ada.l+x@example.com'],
    ['"a<b>" <c@example.com>', 'c@example.com'],
    [' a@münchen.example ', 'a@xn--mnchen-3ya.example'],
    ['"un.sub"@example.com', 'un.sub@example.com'],
    ['Ada <"Un\\.Su\\b"@example.com>', 'un.sub@example.com'],
    ['"a b"@example.com', '"a b"@example.com'],
    ['"\\a\\ b"@example.com', '"a b"@example.com'],
    ['"a..b"@example.com', '"a..b"@example.com'],
    ['"\\"a\\\\"@example.com', '"\\"a\\\\"@example.com'],
    ['Ada <"a>b"@example.com>', '"a>b"@example.com'],
    ['""@example.com', '""@example.com'],
    ['"open@example.com', '"open@example.com'],
    ['"quoted"', '"quoted"'],
  ])('%s is compared as %s', (text, normal) => {
    expect(normalizeAddress(text)).toBe(normal);
  });
});

describe('the suppression list', () => {
  it('holds an address once, whatever its case and name, with its first origin', async () => {
    const { add, published, table, suppressed } = setUp();
    await add({ email: 'A <A@Example.com>', origin: 'bounce', sourceId: 'email-1' });
    await add({ email: 'a@example.com', origin: 'complaint' }, { email: 'a@EXAMPLE.com', origin: 'manual' });
    expect(await findSuppression(table, 'a@example.com')).toMatchObject({ origin: 'bounce', sourceId: 'email-1' });
    expect(published.map(({ type }) => type)).toEqual(['suppression.added']);
    expect(await suppressed('me@example.com', 'B <b@example.com>', 'A@example.COM')).toEqual(['A@example.COM']);
  });

  it('finds and removes by id and by address, and says which did not exist', async () => {
    const { add, table, publish, published } = setUp();
    await add({ email: 'a@example.com', origin: 'manual' }, { email: 'b@example.com', origin: 'manual' });
    const id = suppressionId('a@example.com');
    expect((await findSuppression(table, id))?.email).toBe('a@example.com');
    expect(await unsuppress(table, publish, [id, 'B@example.com', 'c@example.com'], NOW_MS)).toEqual([
      { id, deleted: true },
      { id: suppressionId('b@example.com'), deleted: true },
      { id: suppressionId('c@example.com'), deleted: false },
    ]);
    expect(published.filter(({ type }) => type === 'suppression.removed')).toHaveLength(2);
    expect(await findSuppression(table, id)).toBeUndefined();
  });

  it('keeps an unsubscribed address only from its sender, until it bounces', async () => {
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

  it('lets a sender whose unsubscription is undone send again, and no other; publishes it', async () => {
    const { add, suppressed, published, publish, table } = setUp();
    const email = 'a@example.com';
    const undo = (sender: string) => resubscribe(table, publish, { email, sender, atMs: NOW_MS });
    await add({ email, origin: 'unsubscribe', sender: 'News <news@example.com>' });
    await add({ email, origin: 'unsubscribe', sender: 'offers@example.com' });
    await undo('receipts@example.com');
    expect(await isUnsubscribed(table, 'NEWS@example.com', email)).toBe(true);
    await undo('News <NEWS@example.com>');
    expect(await isUnsubscribed(table, 'news@example.com', email)).toBe(false);
    expect(await suppressed('offers@example.com', email)).toEqual([email]);
    await undo('offers@example.com');
    expect(await findSuppression(table, email)).toBeUndefined();
    const removed = published.filter(({ type }) => type === 'suppression.removed');
    expect(removed.map(({ subject }) => subject?.senders)).toEqual([['news@example.com'], ['offers@example.com']]);
  });

  it('does not undo what is no unsubscription', async () => {
    const { add, publish, table } = setUp();
    for (const origin of ['bounce', 'complaint', 'manual'] as const) {
      const email = `${origin}@example.com`;
      await add({ email, origin });
      expect(await isUnsubscribed(table, 'news@example.com', email)).toBe(false);
      await resubscribe(table, publish, { email, sender: 'news@example.com', atMs: NOW_MS });
      expect((await findSuppression(table, email))?.origin).toBe(origin);
    }
  });

  it('loses no unsubscription from another sender while one is undone', async () => {
    const email = 'a@example.com';
    for (const before of [['news@example.com'], ['news@example.com', 'more@example.com']]) {
      const { add, publish, table, suppressed } = setUp();
      for (const sender of before) await add({ email, origin: 'unsubscribe', sender });
      // Another process adds a sender between the read and the write.
      const offers = () => add({ email, origin: 'unsubscribe', sender: 'offers@example.com' });
      const undone = resubscribe(table, (events) => publish(events).then(async () => void (await offers())), {
        ...{ email, sender: 'news@example.com', atMs: NOW_MS },
      });
      await expect(undone).rejects.toMatchObject({ status: 409 });
      expect(await suppressed('offers@example.com', email)).toEqual([email]);
    }
  });

  it('keeps the suppression of a bounce when an unsubscription follows', async () => {
    const { add, suppressed } = setUp();
    await add({ email: 'a@example.com', origin: 'bounce' });
    await add({ email: 'a@example.com', origin: 'unsubscribe', sender: 'news@example.com' });
    expect(await suppressed('anyone@example.com', 'a@example.com')).toEqual(['a@example.com']);
  });

  it('treats addresses that differ only by quotes as one', async () => {
    const { add, suppressed, table, publish } = setUp();
    await add({ email: '"un.sub"@example.com', origin: 'manual' });
    expect(await suppressed('me@example.com', 'un.sub@example.com')).toEqual(['un.sub@example.com']);
    expect((await findSuppression(table, '"un\\.sub"@example.com'))?.email).toBe('un.sub@example.com');
    const [removed] = await unsuppress(table, publish, ['un.sub@example.com'], NOW_MS);
    expect(removed?.deleted).toBe(true);
    expect(await suppressed('me@example.com', '"un.sub"@example.com')).toEqual([]);
  });

  it('keeps an unsubscribed address from a sender whose address has other quotes', async () => {
    const { add, suppressed } = setUp();
    await add({ email: 'a@example.com', origin: 'unsubscribe', sender: '"the.news"@example.com' });
    expect(await suppressed('the.news@example.com', 'a@example.com')).toEqual(['a@example.com']);
  });

  describe('written by a version that distinguished quoted addresses', () => {
    const quoted = '"un.sub"@example.com';
    const id = derivedId('suppression', quoted);
    const written = async (senders?: string[]) => {
      const all = setUp();
      const fields = { id, email: quoted, origin: 'manual', createdAtMs: 1, ...(senders ? { senders } : {}) };
      await all.table.insert({ key: suppressionKey(id), fields });
      return all;
    };

    it('is found by its address and by its id', async () => {
      const { table, suppressed, add, published } = await written();
      expect(await suppressed('me@example.com', 'b@example.com', quoted)).toEqual([quoted]);
      expect(await findSuppression(table, quoted)).toMatchObject({ id });
      expect(await findSuppression(table, id)).toMatchObject({ id });
      expect(await add({ email: quoted, origin: 'bounce' })).toEqual([id]);
      expect(published).toEqual([]);
    });

    it('is removed by that address', async () => {
      const { table, suppressed, publish } = await written();
      expect(await unsuppress(table, publish, [quoted], NOW_MS)).toEqual([{ id, deleted: true }]);
      expect(await suppressed('me@example.com', quoted)).toEqual([]);
    });

    it('takes another sender, and keeps those with quotes', async () => {
      const { suppressed, add, table } = await written(['"the.news"@example.com']);
      expect(await suppressed('the.news@example.com', quoted)).toEqual([quoted]);
      await add({ email: quoted, origin: 'unsubscribe', sender: 'offers@example.com' });
      expect(await suppressed('offers@example.com', quoted)).toEqual([quoted]);
      expect((await findSuppression(table, quoted))?.senders).toEqual(['"the.news"@example.com', 'offers@example.com']);
    });
  });

  describe('of the mailbox simulator', () => {
    const email = 'bounce+x@simulator.amazonses.com';

    it('applies when a caller asked for it by the API or an unsubscribe link', async () => {
      const { add, suppressed } = setUp();
      await add({ email, origin: 'manual' }, { email: 'bounced@resend.dev', origin: 'unsubscribe', sender: 'a@b.co' });
      expect(await suppressed('me@example.com', email)).toEqual([email]);
      expect(await suppressed('a@b.co', 'bounced@resend.dev')).toEqual(['bounced@resend.dev']);
    });

    it.each(['bounce', 'complaint'] as const)(
      'is ignored where an earlier version wrote it for a %s',
      async (origin) => {
        const { table, suppressed, add, published } = setUp();
        const id = suppressionId(email);
        await table.insert({ key: suppressionKey(id), fields: { id, email, origin, sourceId: 'e', createdAtMs: 1 } });
        expect(await suppressed('me@example.com', email)).toEqual([]);
        expect(await add({ email, origin: 'unsubscribe', sender: 'news@example.com' })).toEqual([id]);
        expect(await suppressed('me@example.com', email)).toEqual([]);
        expect(await suppressed('news@example.com', email)).toEqual([email]);
        await add({ email, origin: 'manual' });
        expect(await suppressed('me@example.com', email)).toEqual([email]);
        expect(published).toHaveLength(2);
      },
    );
  });

  it('publishes before it writes: after a crash in between it publishes again with the same id', async () => {
    const { table, published, publish, add } = setUp();
    const down = { ...table, insert: async () => Promise.reject(new Error('down')) };
    const wanted = [{ email: 'a@example.com', origin: 'bounce' as const, sourceId: 'e', atMs: NOW_MS }];
    await expect(suppress(down, publish, wanted)).rejects.toThrow('down');
    await add({ email: 'a@example.com', origin: 'bounce', sourceId: 'e' });
    expect(published).toHaveLength(2);
    expect(published[0]?.eventId).toBe(published[1]?.eventId);
  });
});
