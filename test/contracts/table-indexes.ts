import { beforeEach, describe, expect, it } from 'vitest';
import type { TestedTable } from './tested-table.ts';

/** The contract of the indexes of a table. */
export function indexContract(tested: () => TestedTable): void {
  let table: TestedTable['table'];
  let key: TestedTable['key'];
  let partition: TestedTable['partition'];
  let put: TestedTable['put'];
  let sorts: TestedTable['sorts'];
  beforeEach(() => {
    ({ table, key, partition, put, sorts } = tested());
  });

  describe('indexes', () => {
    const fill = (entries: readonly string[]) =>
      Promise.all(
        entries.map((sort) => table.insert({ key: `${key}-${sort}`, fields: {}, list: { partition, sort } })),
      );

    it('answers keys with their sort values, in byte order, both ways', async () => {
      await fill(['b', 'a', 'Z', '10', '9', 'a!', 'aa', 'ä']);
      const ascending = ['10', '9', 'Z', 'a', 'a!', 'aa', 'b', 'ä'];
      expect(await sorts()).toEqual(ascending);
      expect(await sorts({ order: 'descending' })).toEqual(ascending.toReversed());
      const [first] = await table.query({ index: 'list', partition, limit: 1, order: 'ascending' });
      expect(first).toEqual({ key: `${key}-10`, sort: '10' });
    });

    it('answers no more than the limit, and all when there are fewer', async () => {
      await fill(['a', 'b', 'c']);
      expect(await sorts({ limit: 1 })).toEqual(['a']);
      expect(await sorts({ limit: 1, order: 'descending' })).toEqual(['c']);
      expect(await sorts({ limit: 3 })).toEqual(['a', 'b', 'c']);
      expect(await sorts({ limit: 4 })).toEqual(['a', 'b', 'c']);
    });

    it('begins after and ends before the values given, both left out', async () => {
      await fill(['a', 'b', 'c', 'd', 'e']);
      expect(await sorts({ after: 'b' })).toEqual(['c', 'd', 'e']);
      expect(await sorts({ before: 'd' })).toEqual(['a', 'b', 'c']);
      expect(await sorts({ after: 'a', before: 'e' })).toEqual(['b', 'c', 'd']);
      expect(await sorts({ after: 'a', before: 'e', limit: 2 })).toEqual(['b', 'c']);
      expect(await sorts({ order: 'descending', after: 'd' })).toEqual(['c', 'b', 'a']);
      expect(await sorts({ order: 'descending', after: 'e', before: 'b' })).toEqual(['d', 'c']);
      expect(await sorts({ order: 'descending', before: 'c', limit: 1 })).toEqual(['e']);
    });

    it('takes bounds at which nothing stands', async () => {
      await fill(['b', 'd']);
      expect(await sorts({ after: 'a' })).toEqual(['b', 'd']);
      expect(await sorts({ after: 'c' })).toEqual(['d']);
      expect(await sorts({ after: 'e' })).toEqual([]);
      expect(await sorts({ before: 'a' })).toEqual([]);
    });

    it('answers nothing between bounds that leave no room', async () => {
      await fill(['a', 'b', 'c']);
      expect(await sorts({ after: 'b', before: 'b' })).toEqual([]);
      expect(await sorts({ after: 'c', before: 'a' })).toEqual([]);
      expect(await sorts({ order: 'descending', after: 'a', before: 'c' })).toEqual([]);
    });

    it('keeps partitions and indexes apart', async () => {
      await table.insert({ key: `${key}-1`, fields: {}, list: { partition, sort: 'a' } });
      await table.insert({ key: `${key}-2`, fields: {}, list: { partition: `${partition}#0`, sort: 'b' } });
      await table.insert({ key: `${key}-3`, fields: {}, due: { partition, sort: 'c' } });
      expect(await sorts()).toEqual(['a']);
      expect(await sorts({ partition: `${partition}#0` })).toEqual(['b']);
      expect(await sorts({ index: 'due' })).toEqual(['c']);
    });

    it('lists two documents that stand at the same place', async () => {
      await table.insert({ key: `${key}-1`, fields: {}, list: { partition, sort: 'a' } });
      await table.insert({ key: `${key}-2`, fields: {}, list: { partition, sort: 'a' } });
      const entries = await table.query({ index: 'list', partition, limit: 10, order: 'ascending' });
      expect(entries.map((entry) => entry.key).toSorted()).toEqual([`${key}-1`, `${key}-2`]);
    });

    it('pages through more than it answers at once, meeting each entry once, both ways', async () => {
      const all = Array.from({ length: 250 }, (_, index) => `${String(index).padStart(4, '0')}#id-${index}`);
      await fill(all);
      for (const order of ['ascending', 'descending'] as const) {
        const met: string[] = [];
        for (let page = await sorts({ order }); page.length > 0; page = await sorts({ order, after: met.at(-1) ?? '' }))
          met.push(...page);
        expect(met).toEqual(order === 'ascending' ? all : all.toReversed());
      }
    });

    it('answers each entry in one part of the partition, and each part in order', async () => {
      const all = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(4, '0')}#id-${index}`);
      await fill(all);
      const parts = await table.parts('list', partition);
      const side = await Promise.all(parts.map((part) => sorts({ part, after: all[9] ?? '', before: all[50] ?? '' })));
      expect(side.flat().toSorted()).toEqual(all.slice(10, 50));
      for (const part of side) expect(part).toEqual(part.toSorted());
      const [part = 0] = parts;
      expect(await sorts({ part, limit: 2 })).toEqual((await sorts({ part })).slice(0, 2));
    });

    it('loses none on pages of one, with an end or without', async () => {
      const all = Array.from({ length: 24 }, (_, index) => `s${String(index).padStart(2, '0')}`);
      await fill(all);
      const met: string[] = [];
      for (let page = await sorts({ limit: 1 }); page.length > 0; ) {
        met.push(...page);
        page = await sorts({ limit: 1, after: met.at(-1) ?? '' });
      }
      expect(met).toEqual(all);
      for (const [index, sort] of all.entries()) {
        expect(await sorts({ limit: 1, order: 'descending', after: sort })).toEqual(
          all.slice(Math.max(0, index - 1), index),
        );
        expect(await sorts({ limit: 2, before: sort })).toEqual(all.slice(0, Math.min(2, index)));
      }
    });

    it('moves an entry, takes it out, and leaves it where it is', async () => {
      await table.insert({ key, fields: {}, list: { partition, sort: 'a' }, due: { partition, sort: 'a' } });
      await table.update(key, { due: { partition, sort: 'b' } });
      expect([await sorts(), await sorts({ index: 'due' })]).toEqual([['a'], ['b']]);
      await table.update(key, { set: { x: 1 } });
      expect([await sorts(), await sorts({ index: 'due' })]).toEqual([['a'], ['b']]);
      await table.update(key, { due: null });
      expect([await sorts(), await sorts({ index: 'due' })]).toEqual([['a'], []]);
      await table.update(key, { list: { partition: `${partition}-moved`, sort: 'z' }, due: null });
      expect([await sorts(), await sorts({ partition: `${partition}-moved` })]).toEqual([[], ['z']]);
    });

    it('moves only the entry when a change mentions nothing else', async () => {
      await put({ a: 1 });
      expect(await table.update(key, { due: { partition, sort: 'a' } }, [{ a: 1 }])).toEqual({
        applied: true,
        document: { a: 1 },
      });
      expect(await sorts({ index: 'due' })).toEqual(['a']);
    });

    it('never shows the place as fields', async () => {
      await table.insert({ key, fields: { a: 1 }, list: { partition, sort: 'a' }, due: { partition, sort: 'b' } });
      expect(await table.get(key)).toStrictEqual({ a: 1 });
    });
  });
}
