import { describe, expect, it, vi } from 'vitest';
import { documentPages, entryPages, pages } from '../../../../functions/core/document/pages.ts';
import type { Query } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const setUp = async (count: number) => {
  const { table } = createMemoryBackend();
  for (let index = 0; index < count; index++)
    await table.insert({
      key: `thing#${index}`,
      fields: { index },
      list: { partition: 'thing', sort: String(index) },
      ...(index === 1 ? { expiresAtMs: Date.now() - 1 } : {}),
    });
  return { table, query: vi.spyOn(table, 'query') };
};
const listing: Query = { index: 'list', partition: 'thing', order: 'ascending', limit: 3 };

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

describe('pages', () => {
  it('requests each page with the cursor of the page before, until a page has none', async () => {
    const asked: (number | undefined)[] = [];
    const read = async (cursor: number | undefined) => {
      asked.push(cursor);
      return { items: [cursor ?? 0], next: cursor === 2 ? undefined : (cursor ?? 0) + 1 };
    };
    expect(await all(pages(read))).toEqual([[0], [1], [2]]);
    expect(asked).toEqual([undefined, 1, 2]);
  });

  it('requests no page after the loop has ended', async () => {
    const read = vi.fn(async (cursor = 0) => ({ items: [cursor], next: cursor + 1 }));
    for await (const [item] of pages<number, number>(read)) if (item === 1) break;
    expect(read).toHaveBeenCalledTimes(2);
  });
});

describe('the pages of an index', () => {
  it('hold each entry once; a page that is not full ends them without another request', async () => {
    const { table, query } = await setUp(5);
    expect((await all(entryPages(table, listing))).map((page) => page.map(({ key }) => key))).toEqual([
      ['thing#0', 'thing#1', 'thing#2'],
      ['thing#3', 'thing#4'],
    ]);
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('begin after the query’s own `after`', async () => {
    const { table } = await setUp(5);
    const found = await all(entryPages(table, { ...listing, after: '3' }));
    expect(found.flat().map(({ sort }) => sort)).toEqual(['4']);
  });

  it('are one empty page when there is nothing', async () => {
    const { table, query } = await setUp(0);
    expect(await all(documentPages(table, listing))).toEqual([[]]);
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('leave out documents that have expired', async () => {
    const { table } = await setUp(5);
    expect(await all(documentPages(table, listing))).toEqual([
      [{ index: 0 }, { index: 2 }],
      [{ index: 3 }, { index: 4 }],
    ]);
  });
});
