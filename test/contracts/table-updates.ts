import { beforeEach, describe, expect, it } from 'vitest';
import { addOrCreate } from '../../functions/core/document/add.ts';
import { createWriters, type Writer } from '../../functions/core/document/writers.ts';
import type { Condition } from '../../functions/core/ports/table.ts';
import { repeatingTable } from '../helpers/repeating-table.ts';
import type { TestedTable } from './tested-table.ts';

/** The contract of updates of a table. */
export function updateContract(tested: () => TestedTable): void {
  let table: TestedTable['table'];
  let key: TestedTable['key'];
  let partition: TestedTable['partition'];
  let put: TestedTable['put'];
  let sorts: TestedTable['sorts'];
  beforeEach(() => {
    ({ table, key, partition, put, sorts } = tested());
  });

  describe('update', () => {
    it('sets, removes and appends in one write, and answers the whole document', async () => {
      await put({ status: 'queued', lease: 5, log: ['a'], kept: { x: 1 } });
      const outcome = await table.update(key, {
        set: { status: 'sent', fresh: [1] },
        remove: ['lease', 'never-there'],
        append: { log: ['b', { c: 'd' }], made: [1] },
      });
      const expected = { status: 'sent', fresh: [1], log: ['a', 'b', { c: 'd' }], made: [1], kept: { x: 1 } };
      expect(outcome).toEqual({ applied: true, document: expected });
      expect(await table.get(key)).toEqual(expected);
    });

    it('adds to numbers, a missing one counting as 0, each addition of many at once', async () => {
      await put({ count: 40, share: 1_790_000_000_123.25 });
      const added = await table.update(key, { add: { count: 2, share: 0.5, fresh: -3 } });
      expect(added.document).toEqual({ count: 42, share: 1_790_000_000_123.75, fresh: -3 });
      await Promise.all(Array.from({ length: 20 }, () => table.update(key, { add: { count: 1 } })));
      expect(await table.get(key)).toEqual({ count: 62, share: 1_790_000_000_123.75, fresh: -3 });
    });

    it('adds once for a writer, however often the write is repeated', async () => {
      const repeating = repeatingTable(table, () => true);
      const add = (writer: Writer) => addOrCreate(repeating, { key, add: { count: 2 }, writer });
      const asWriter = createWriters(Date.now);
      for (const count of [2, 4]) {
        await asWriter(add);
        expect(await table.get(key)).toMatchObject({ count });
      }
      await Promise.all(Array.from({ length: 10 }, () => asWriter(add)));
      expect(await table.get(key)).toMatchObject({ count: 24 });
    });

    it('refuses to add to what is no number, and leaves the document', async () => {
      await put({ count: 'three' });
      await expect(table.update(key, { add: { count: 1 } })).rejects.toThrow();
      expect(await table.get(key)).toEqual({ count: 'three' });
    });

    it('tests a range with both its ends', async () => {
      await put({ at: 5 });
      const within = async (least: number, most: number) =>
        (await table.update(key, { set: { seen: true } }, [{ at: { between: [least, most] } }])).applied;
      expect(await within(5, 5)).toBe(true);
      expect(await within(4.5, 5.5)).toBe(true);
      expect(await within(5.1, 9)).toBe(false);
      expect(await within(0, 4.9)).toBe(false);
    });

    it('takes a field set to undefined as not mentioned', async () => {
      await put({ a: 1 });
      await table.update(key, { set: { a: undefined, b: 2 } });
      expect(await table.get(key)).toStrictEqual({ a: 1, b: 2 });
    });

    it.each([{}, { set: {} }, { set: { a: undefined }, remove: [], append: {} }])(
      'takes a change of nothing (%j), conditions and all, and answers the document',
      async (change) => {
        await put({ a: 1 });
        expect(await table.update(key, change)).toEqual({ applied: true, document: { a: 1 } });
        expect(await table.update(key, change, [{ a: 1 }])).toEqual({ applied: true, document: { a: 1 } });
        expect(await table.update(key, change, [{ a: 2 }])).toEqual({ applied: false, document: { a: 1 } });
        expect(await table.update(`${key}-none`, change)).toEqual({ applied: false, document: undefined });
        expect(await table.get(`${key}-none`)).toBeUndefined();
      },
    );

    it('replaces an object as a whole', async () => {
      await put({ inner: { a: 1, b: 2 } });
      await table.update(key, { set: { inner: { c: 3 } } });
      expect(await table.get(key)).toEqual({ inner: { c: 3 } });
    });

    it('keeps lists lists and objects objects when other fields change', async () => {
      await put({ list: [], inner: {}, nested: [[], {}], count: 1 });
      await table.update(key, { set: { count: 2 } });
      expect(await table.get(key)).toStrictEqual({ list: [], inner: {}, nested: [[], {}], count: 2 });
    });

    it('keeps numbers exact when other fields change', async () => {
      const numbers = { big: Number.MAX_SAFE_INTEGER, atMs: 1_790_000_000_123, fraction: 0.1 + 0.2 };
      await put({ ...numbers, count: 1 });
      await table.update(key, { set: { count: 2 }, append: { log: [Number.MAX_SAFE_INTEGER] } });
      expect(await table.get(key)).toEqual({ ...numbers, count: 2, log: [Number.MAX_SAFE_INTEGER] });
    });

    it('never makes a document', async () => {
      expect(await table.update(key, { set: { a: 1 }, list: { partition, sort: 'a' } })).toEqual({
        applied: false,
        document: undefined,
      });
      expect(await table.get(key)).toBeUndefined();
      expect(await sorts()).toEqual([]);
    });

    it('changes nothing when no condition holds, and answers what stood in its way', async () => {
      await table.insert({ key, fields: { status: 'sent', log: [1] }, list: { partition, sort: 'a' } });
      const change = { set: { status: 'x' }, append: { log: [2] }, remove: ['log'], list: { partition, sort: 'b' } };
      const { remove: _, ...valid } = change;
      expect(await table.update(key, valid, [{ status: 'queued' }])).toEqual({
        applied: false,
        document: { status: 'sent', log: [1] },
      });
      expect(await table.get(key)).toEqual({ status: 'sent', log: [1] });
      expect(await sorts()).toEqual(['a']);
    });

    it('lets exactly one of many claims at once win', async () => {
      await put({ status: 'queued' });
      const claims = Array.from({ length: 20 }, (_, owner) =>
        table.update(key, { set: { status: 'sending', owner } }, [{ status: 'queued' }]),
      );
      const outcomes = await Promise.all(claims);
      expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1);
      const standing = await table.get(key);
      for (const { document } of outcomes) expect(document).toEqual(standing);
    });

    it('loses none of many appends at once', async () => {
      await put({});
      const entries = Array.from({ length: 20 }, (_, index) => index);
      await Promise.all(entries.map((entry) => table.update(key, { append: { log: [entry] } })));
      const { log } = (await table.get<{ log: number[] }>(key)) ?? { log: [] };
      expect(log.toSorted((a, b) => a - b)).toEqual(entries);
    });
  });

  describe('conditions', () => {
    const fields = { word: 'b', count: 5, yes: true, no: false, nothing: null, digits: '5' };

    it.each<[Condition, boolean]>([
      [{ word: 'b' }, true],
      [{ word: 'B' }, false],
      [{ count: 5 }, true],
      [{ count: 6 }, false],
      [{ yes: true }, true],
      [{ yes: false }, false],
      [{ no: false }, true],
      [{ no: true }, false],
      [{ digits: 5 }, false],
      [{ count: '5' }, false],
      [{ yes: 'true' }, false],
      [{ missing: 'b' }, false],
      [{ missing: false }, false],
      [{ word: { in: ['a', 'b'] } }, true],
      [{ word: { in: ['a', 'c'] } }, false],
      [{ count: { in: [4, 5] } }, true],
      [{ count: { in: [4, 6] } }, false],
      [{ count: { in: ['5'] } }, false],
      [{ missing: { in: ['a'] } }, false],
      [{ count: { below: 6 } }, true],
      [{ count: { below: 5 } }, false],
      [{ count: { below: 10 } }, true],
      [{ count: { atMost: 5 } }, true],
      [{ count: { atMost: 4.999 } }, false],
      [{ missing: { below: 1 } }, false],
      [{ missing: { atMost: 1 } }, false],
      [{ word: { below: 9 } }, false],
      [{ word: { exists: true } }, true],
      [{ word: { exists: false } }, false],
      [{ missing: { exists: true } }, false],
      [{ missing: { exists: false } }, true],
      [{ nothing: { exists: true } }, true],
      [{ word: 'b', count: { below: 6 } }, true],
      [{ word: 'b', count: { below: 5 } }, false],
    ])('%j: %s', async (condition, holds) => {
      await put(fields);
      const { applied } = await table.update(key, { set: { touched: 1 } }, [condition]);
      expect(applied).toBe(holds);
      expect(await table.get(key)).toEqual(holds ? { ...fields, touched: 1 } : fields);
    });

    it('compares epoch milliseconds to the millisecond', async () => {
      await put({ atMs: 1_790_000_000_123 });
      const below = (value: number) => table.update(key, { set: { seen: value } }, [{ atMs: { below: value } }]);
      expect((await below(1_790_000_000_123)).applied).toBe(false);
      expect((await below(1_790_000_000_124)).applied).toBe(true);
    });

    it('needs one of several to hold, whichever it is', async () => {
      await put(fields);
      const either = (...anyOf: Condition[]) => table.update(key, { set: { touched: 1 } }, anyOf);
      expect((await either({ word: 'x' }, { count: 5 })).applied).toBe(true);
      expect((await either({ word: 'b' }, { count: 6 })).applied).toBe(true);
      expect((await either({ word: 'x' }, { count: 6 })).applied).toBe(false);
    });

    it('needs only the document when the list of conditions is empty', async () => {
      await put(fields);
      expect((await table.update(key, { set: { touched: 1 } }, [])).applied).toBe(true);
      expect(await table.delete(key, [])).toBe(true);
    });
  });
}
