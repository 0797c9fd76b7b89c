import { beforeEach, describe, expect, it } from 'vitest';
import { type Chunk, chunkKey, type ListedRecipient } from '../../../../functions/core/broadcast/delivery/chunk.ts';
import { sendBroadcast } from '../../../../functions/core/broadcast/lifecycle.ts';
import { addRecipients, parseRecipients } from '../../../../functions/core/broadcast/recipients.ts';
import { deleteBroadcast, duplicateBroadcast } from '../../../../functions/core/broadcast/store.ts';
import { type BroadcastStore, createBroadcastStore } from './a-store.ts';

let store: BroadcastStore;
let id: string;
beforeEach(async () => {
  store = await createBroadcastStore();
  ({ id } = await store.draft({ listed: true }));
});

const people = (count: number, from = 0): ListedRecipient[] =>
  Array.from({ length: count }, (_, index) => ({ email: `p${from + index}@example.org` }));
const add = (offset: number, recipients: readonly ListedRecipient[]) =>
  addRecipients(id, { offset, recipients }, store);

async function chunks(): Promise<Chunk[]> {
  const { chunkCount = 0 } = await store.find(id);
  const keys = Array.from({ length: chunkCount }, (_, n) => chunkKey(id, n));
  return (await store.backend.table.getMany<Chunk>(keys)).filter((chunk) => chunk !== undefined);
}
const addresses = async () =>
  (await chunks()).flatMap(({ recipients }) => recipients.map((one) => (one as ListedRecipient).email));

describe('a list', () => {
  it('comes in pieces, each in chunks of 50', async () => {
    expect(await add(0, people(120))).toEqual({ offset: 120, total: 120 });
    expect((await store.find(id)).mayRepeat).toBeUndefined();
    expect(await add(120, people(60, 120))).toEqual({ offset: 180, total: 180 });
    expect((await chunks()).map(({ n, recipients }) => [n, recipients.length])).toEqual([
      [0, 50],
      [1, 50],
      [2, 20],
      [3, 50],
      [4, 10],
    ]);
    expect(await addresses()).toEqual(people(180).map(({ email }) => email));
    expect(await store.find(id)).toMatchObject({ total: 180, listLength: 180, chunkCount: 5, mayRepeat: true });
  });

  it('has chunks of at most 300 KB', async () => {
    const variables = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`v${index}`, 'x'.repeat(1_990)]));
    await add(
      0,
      people(10).map((one) => ({ ...one, variables })),
    );
    expect((await chunks()).map(({ recipients }) => recipients.length)).toEqual([3, 3, 3, 1]);
    for (const { recipients } of await chunks()) expect(JSON.stringify(recipients).length).toBeLessThanOrEqual(300_000);
  });

  it('has each address of a piece once, the first one', async () => {
    const twice = [
      { email: 'a@example.org', variables: { n: 1 } },
      { email: 'A@Example.org', variables: { n: 2 } },
      { email: 'b@example.org' },
    ];
    expect(await add(0, twice)).toEqual({ offset: 3, total: 2 });
    expect((await chunks())[0]?.recipients).toEqual([twice[0], twice[2]]);
  });
});

describe('a piece', () => {
  it('that is repeated changes nothing, at once or later', async () => {
    await Promise.all([add(0, people(100)), add(0, people(100)), add(0, people(100))]);
    expect(await add(100, people(10, 100))).toEqual({ offset: 110, total: 110 });
    expect(await add(0, people(100))).toEqual({ offset: 110, total: 110 });
    expect(await addresses()).toEqual(people(110).map(({ email }) => email));
  });

  it('that was interrupted is completed by its repetition', async () => {
    let writes = 0;
    const { table } = store.backend;
    const failing = {
      ...table,
      insert: (document: Parameters<typeof table.insert>[0]) =>
        ++writes === 3 ? Promise.reject(new Error('the process was killed')) : table.insert(document),
    } as typeof table;
    const piece = { offset: 0, recipients: people(200) };
    await expect(
      addRecipients(id, piece, { ...store, backend: { ...store.backend, table: failing } }),
    ).rejects.toThrow();
    expect(await store.find(id)).toMatchObject({ total: 0, chunkCount: 0 });
    expect(await add(0, people(200))).toEqual({ offset: 200, total: 200 });
    expect(await addresses()).toEqual(people(200).map(({ email }) => email));
  });

  it('is refused with other content, beyond the next offset, or within another piece', async () => {
    await add(0, people(100));
    await expect(add(0, people(99))).rejects.toMatchObject({ status: 409 });
    await expect(add(50, people(50, 50))).rejects.toMatchObject({ status: 409 });
    await expect(add(101, people(1))).rejects.toMatchObject({ status: 422, message: expect.stringContaining('100') });
  });

  it('is refused when the broadcast is sent, unless it is repeated', async () => {
    await add(0, people(10));
    await sendBroadcast(id, {}, store);
    expect(await add(0, people(10))).toEqual({ offset: 10, total: 10 });
    await expect(add(10, people(10, 10))).rejects.toMatchObject({ status: 403 });
  });

  it('that races with the sending is in the broadcast or refused', async () => {
    await add(0, people(10));
    const [added] = await Promise.allSettled([add(10, people(10, 10)), sendBroadcast(id, {}, store)]);
    expect((await store.find(id)).total).toBe(added.status === 'fulfilled' ? 20 : 10);
  });

  it('is refused by a broadcast to a segment', async () => {
    ({ id } = await store.draft());
    await expect(add(0, people(1))).rejects.toMatchObject({ status: 422 });
  });
});

describe('a draft with a list', () => {
  it('is deleted with it', async () => {
    await add(0, people(2_000));
    const chunks = Array.from({ length: 40 }, (_, n) => chunkKey(id, n));
    expect((await store.backend.table.getMany(chunks)).filter(Boolean)).toHaveLength(40);
    await deleteBroadcast(id, store);
    expect((await store.backend.table.getMany(chunks)).filter(Boolean)).toEqual([]);
  });

  it('is copied without it', async () => {
    await add(0, people(10));
    expect(await store.find(await duplicateBroadcast(id, store))).toMatchObject({
      listed: true,
      total: 0,
      chunkCount: 0,
    });
  });

  it('expires after 30 days, and is kept when it is sent', async () => {
    const sent = await store.draft({ listed: true });
    await addRecipients(sent.id, { offset: 0, recipients: people(1) }, store);
    await sendBroadcast(sent.id, { scheduledAtMs: store.now() + 29 * 86_400_000 }, store);
    store.clock.nowMs += 31 * 86_400_000;
    await expect(store.find(id)).rejects.toMatchObject({ status: 404 });
    expect(await store.find(sent.id)).toMatchObject({ status: 'scheduled' });
    expect(await store.backend.table.get(chunkKey(sent.id, 0))).toBeDefined();
  });
});

describe('recipients of a request', () => {
  it.each([
    ['recipients', 'all', 'it must be an array'],
    ['recipients', [], 'at least 1 entry'],
    ['recipients.1', [{ email: 'a@b.co' }, 'b@b.co'], 'it must be an object'],
    ['recipients.0.email', [{}], 'Missing'],
    ['recipients.0.email', [{ email: 7 }], 'of type string'],
    ['recipients.0.email', [{ email: 'a' }], 'It is not one address'],
    ['recipients.0.email', [{ email: 'a@b.co\r\nBcc: c@d.co' }], 'line break'],
    ['recipients.0.name', [{ email: 'a@b.co', name: 'A' }], 'Unknown field'],
    ['recipients.0.variables', [{ email: 'a@b.co', variables: 'x' }], 'it must be an object'],
    ['recipients.0.variables.a-b', [{ email: 'a@b.co', variables: { 'a-b': 1 } }], 'a key has'],
    ['recipients.0.variables.__proto__', [{ email: 'a@b.co', variables: JSON.parse('{"__proto__":1}') }], 'a key has'],
    ['recipients.0.variables.a', [{ email: 'a@b.co', variables: { a: {} } }], 'of type string, number or boolean'],
    ['recipients.0.variables.a', [{ email: 'a@b.co', variables: { a: 'x'.repeat(2_001) } }], 'at most 2000'],
  ])('name the wrong field %s, never the address', (field, given, why) => {
    const read = () => parseRecipients(given);
    expect(read).toThrow(expect.objectContaining({ status: 422, message: expect.stringContaining(`\`${field}\``) }));
    expect(read).toThrow(why);
    expect(read).not.toThrow(/b\.co/);
  });

  it('are read with their values; null is no value', () => {
    const given = [
      { email: 'Ada <ADA@Example.org>', variables: { a: 1, b: true, c: 'x', d: null } },
      { email: 'b@b.co', variables: [] },
    ];
    expect(parseRecipients(given)).toEqual([
      { email: 'ADA@example.org', variables: { a: 1, b: true, c: 'x' } },
      { email: 'b@b.co' },
    ]);
  });
});
