import { describe, expect, it } from 'vitest';
import { listPage, type PageRequest } from '../../../../functions/core/document/list.ts';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

type Thing = { id: string; createdAtMs: number };

const setUp = async (count: number) => {
  const { table } = createMemoryBackend();
  const keyOf = (id: string) => `thing#${id}`;
  const things: Thing[] = Array.from({ length: count }, (_, index) => ({
    id: newId(),
    createdAtMs: 1_000 + Math.floor(index / 2),
  }));
  for (const thing of things)
    await table.insert({
      key: keyOf(thing.id),
      fields: thing,
      list: { partition: 'thing', sort: timeSort(thing.createdAtMs, thing.id) },
    });
  const newestFirst = things
    .toSorted((a, b) => (timeSort(a.createdAtMs, a.id) < timeSort(b.createdAtMs, b.id) ? 1 : -1))
    .map(({ id }) => id);
  const page = async (request: PageRequest = {}) => {
    const { items, hasMore } = await listPage<Thing>(table, 'thing', keyOf, request);
    return { ids: items.map(({ id }) => id), hasMore };
  };
  return { table, keyOf, newestFirst, page };
};

describe('listPage', () => {
  it('answers the newest first, 20 by default', async () => {
    const { newestFirst, page } = await setUp(21);
    expect(await page()).toEqual({ ids: newestFirst.slice(0, 20), hasMore: true });
    expect(await page({ limit: '21' })).toEqual({ ids: newestFirst, hasMore: false });
    expect(await page({ limit: '100' })).toEqual({ ids: newestFirst, hasMore: false });
  });

  it('pages to the oldest and back, with each document once', async () => {
    const { newestFirst, page } = await setUp(50);
    const down: string[] = [];
    for (let part = await page({ limit: '7' }); ; part = await page({ limit: '7', after: down.at(-1) })) {
      down.push(...part.ids);
      if (!part.hasMore) break;
    }
    expect(down).toEqual(newestFirst);
    const up: string[] = [];
    for (
      let part = await page({ limit: '7', before: down.at(-1) });
      ;
      part = await page({ limit: '7', before: up[0] })
    ) {
      up.unshift(...part.ids);
      if (!part.hasMore) break;
    }
    expect(up).toEqual(newestFirst.slice(0, -1));
  });

  it('answers the page next to the id, in both directions', async () => {
    const { newestFirst, page } = await setUp(10);
    expect(await page({ limit: '2', after: newestFirst[4] })).toEqual({ ids: newestFirst.slice(5, 7), hasMore: true });
    expect(await page({ limit: '2', before: newestFirst[4] })).toEqual({ ids: newestFirst.slice(2, 4), hasMore: true });
    expect(await page({ limit: '4', before: newestFirst[4] })).toEqual({
      ids: newestFirst.slice(0, 4),
      hasMore: false,
    });
    expect(await page({ after: newestFirst[9] })).toEqual({ ids: [], hasMore: false });
    expect(await page({ before: newestFirst[0] })).toEqual({ ids: [], hasMore: false });
  });

  it('answers an empty page of an empty partition', async () => {
    expect(await (await setUp(0)).page()).toEqual({ ids: [], hasMore: false });
  });

  it('leaves out documents that have expired, and still says that there are more', async () => {
    const { table, keyOf, newestFirst, page } = await setUp(5);
    await table.delete(keyOf(newestFirst[0] ?? ''));
    await table.update(keyOf(newestFirst[1] ?? ''), { expiresAtMs: Date.now() - 1 });
    expect(await page({ limit: '3' })).toEqual({ ids: newestFirst.slice(2, 4), hasMore: true });
  });

  it.each(['after', 'before'])('answers 404 for the page %s an unknown id', async (name) => {
    const { page } = await setUp(1);
    for (const id of [newId(), '', 'x', 'x'.repeat(5_000)])
      await expect(page({ [name]: id })).rejects.toMatchObject({
        status: 404,
        message: `The id given as \`${name}\` not found`,
      });
  });

  it.each(['0', '101', 'ten', ''])('refuses the limit %j', async (limit) => {
    await expect((await setUp(0)).page({ limit })).rejects.toMatchObject({ status: 422 });
  });
});
