import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Condition, Document, FieldValue, Query, Table } from '../../functions/core/ports/table.ts';

export interface TableUnderTest {
  readonly table: Table;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** What every table must do, whatever it stands on. Tests use keys and partitions of their own, so one table serves all. */
export function tableContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`${name} keeps the table's contract`, () => {
    let underTest: TableUnderTest;
    let table: Table;
    let key: string;
    let partition: string;
    let tests = 0;

    beforeAll(async () => {
      underTest = await create();
      table = underTest.table;
    });
    afterAll(() => underTest?.close());
    beforeEach(() => {
      tests++;
      key = `thing#${tests}`;
      partition = `things-${tests}`;
    });

    const put = (fields: Document, at: string = key) => table.insert({ key: at, fields });
    const sorts = async (query: Partial<Query> = {}) =>
      (await table.query({ index: 'list', partition, limit: 100, order: 'ascending', ...query })).map(
        ({ sort }) => sort,
      );

    describe('insert and get', () => {
      it('answers undefined for a key that was never put', async () => {
        expect(await table.get(key)).toBeUndefined();
      });

      it('reads what was put, and says what stands there now', async () => {
        expect(await put({ id: '1', count: 2 })).toEqual({ applied: true, document: { id: '1', count: 2 } });
        expect(await table.get(key)).toEqual({ id: '1', count: 2 });
      });

      it('leaves a document that is there as it is, and answers it', async () => {
        await put({ owner: 'first', note: 'stays' });
        expect(await put({ owner: 'second' })).toEqual({
          applied: false,
          document: { owner: 'first', note: 'stays' },
        });
        expect(await table.get(key)).toEqual({ owner: 'first', note: 'stays' });
      });

      it('lets exactly one of many inserts at once win, and tells the others who did', async () => {
        const outcomes = await Promise.all(Array.from({ length: 20 }, (_, racer) => put({ racer })));
        const winners = outcomes.filter(({ applied }) => applied);
        expect(winners).toHaveLength(1);
        const standing = await table.get(key);
        for (const { document } of outcomes) expect(document).toEqual(standing);
      });

      it('does not put a refused document into an index', async () => {
        await table.insert({ key, fields: {}, list: { partition, sort: 'a' } });
        await table.insert({ key, fields: {}, list: { partition, sort: 'b' } });
        expect(await sorts()).toEqual(['a']);
      });

      it.each<[string, FieldValue]>([
        ['an empty string', ''],
        ['text with quotes, breaks and a null character', 'a"b\\c\r\n\td\u0000e'],
        ['text of many scripts', 'Grüße, 世界 👋🏽 \u2028'],
        ['text that looks like a number', '0012'],
        ['text that looks like JSON', '{"a":[1]}'],
        ['zero', 0],
        ['a negative fraction', -0.1],
        ['epoch milliseconds', 1_790_000_000_123],
        ['the largest safe whole number', Number.MAX_SAFE_INTEGER],
        ['true', true],
        ['false', false],
        ['null', null],
        ['an empty list', []],
        ['an empty object', {}],
        ['a list of lists', [[], [1, 'a', null, false], [{}]]],
        ['objects in lists', [{ name: 'a', value: 'b' }, { deep: { deeper: [{}] } }]],
        ['keys with punctuation', { 'X-Tags': '1', 'a.b': '2', '#c': '3', 'd e': '4', '': '5' }],
      ])('keeps %s as it is', async (_what, value) => {
        await put({ value });
        expect(await table.get(key)).toStrictEqual({ value });
      });

      it('takes field names that a database may reserve or not like', async () => {
        const fields = { name: 'n', status: 's', size: 1, data: 'd', timestamp: 2, 'x-y': 3, 'a.b c': 'u' };
        await put(fields);
        const change = { set: { name: 'm', size: 2, 'x-y': 4 }, append: { 'a-list': [1] } };
        expect((await table.update(key, change, [{ status: 's', timestamp: 2, 'a.b c': 'u' }])).applied).toBe(true);
        expect(await table.get(key)).toEqual({ ...fields, name: 'm', size: 2, 'x-y': 4, 'a-list': [1] });
      });

      it('leaves out fields that are undefined, at any depth', async () => {
        await put({ a: 1, b: undefined, c: { d: undefined, e: 2 } });
        expect(await table.get(key)).toStrictEqual({ a: 1, c: { e: 2 } });
      });

      it('keeps a document of 100 KB', async () => {
        const text = 'x€'.repeat(25_000);
        await put({ text });
        expect(await table.get(key)).toEqual({ text });
      });
    });

    describe('getMany', () => {
      it('answers in the order of the keys, undefined where there is none, a repeated key twice', async () => {
        await put({ id: 'a' }, `${key}-a`);
        await put({ id: 'b' }, `${key}-b`);
        const keys = ['b', 'none', 'a', 'b'].map((id) => `${key}-${id}`);
        expect(await table.getMany(keys)).toEqual([{ id: 'b' }, undefined, { id: 'a' }, { id: 'b' }]);
      });

      it('answers an empty list for no keys', async () => {
        expect(await table.getMany([])).toEqual([]);
      });

      it('reads more keys than a database takes in one call', async () => {
        const ids = Array.from({ length: 230 }, (_, index) => index);
        await Promise.all(ids.map((id) => put({ id }, `${key}-${id}`)));
        expect(await table.getMany(ids.map((id) => `${key}-${id}`))).toEqual(ids.map((id) => ({ id })));
      });
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

    describe('delete', () => {
      it('says whether it was there, and takes it out of its indexes', async () => {
        await table.insert({ key, fields: {}, list: { partition, sort: 'a' }, due: { partition, sort: 'b' } });
        expect(await table.delete(key)).toBe(true);
        expect(await table.get(key)).toBeUndefined();
        expect(await sorts()).toEqual([]);
        expect(await sorts({ index: 'due' })).toEqual([]);
        expect(await table.delete(key)).toBe(false);
      });

      it('deletes only when a condition holds', async () => {
        await put({ status: 'sending' });
        expect(await table.delete(key, [{ status: { in: ['queued', 'scheduled'] } }])).toBe(false);
        expect(await table.get(key)).toEqual({ status: 'sending' });
        expect(await table.delete(key, [{ status: 'queued' }, { status: 'sending' }])).toBe(true);
      });

      it('leaves room for a new document, without the old one’s fields', async () => {
        await put({ old: 1 });
        await table.delete(key);
        expect((await put({ fresh: 1 })).applied).toBe(true);
        expect(await table.get(key)).toEqual({ fresh: 1 });
      });
    });

    describe('expiry', () => {
      const past = () => Date.now() - 5_000;
      const future = () => Date.now() + HOUR_MS;

      it('does not read a document after its time', async () => {
        await table.insert({ key, fields: { a: 1 }, expiresAtMs: past() });
        await table.insert({ key: `${key}-live`, fields: { a: 2 }, expiresAtMs: future() });
        expect(await table.get(key)).toBeUndefined();
        expect(await table.getMany([key, `${key}-live`])).toEqual([undefined, { a: 2 }]);
      });

      it('neither changes nor deletes a document after its time', async () => {
        await table.insert({ key, fields: { a: 1 }, expiresAtMs: past() });
        expect(await table.update(key, { set: { a: 2 } })).toEqual({ applied: false, document: undefined });
        expect(await table.update(key, { set: { a: 2 } }, [{ a: 1 }])).toEqual({ applied: false, document: undefined });
        expect(await table.delete(key)).toBe(false);
      });

      it('gives an expired document’s key to the next, with nothing of the old one', async () => {
        await table.insert({ key, fields: { old: 1 }, list: { partition, sort: 'a' }, expiresAtMs: past() });
        expect((await table.insert({ key, fields: { fresh: 1 }, expiresAtMs: future() })).applied).toBe(true);
        expect(await table.get(key)).toEqual({ fresh: 1 });
        expect(await sorts()).toEqual([]);
      });

      it('keeps the time through changes that do not mention it, and moves it by those that do', async () => {
        await table.insert({ key, fields: {}, expiresAtMs: future() });
        await table.update(key, { set: { a: 1 } });
        expect(await table.get(key)).toEqual({ a: 1 });
        await table.update(key, { expiresAtMs: past() });
        expect(await table.get(key)).toBeUndefined();
      });

      it('never shows the time as a field', async () => {
        const fields = { a: 1 };
        await table.insert({ key, fields, list: { partition, sort: 'a' }, expiresAtMs: future() });
        expect(await table.get(key)).toStrictEqual(fields);
        expect((await table.update(key, { set: { a: 2 } })).document).toStrictEqual({ a: 2 });
        expect((await put({})).document).toStrictEqual({ a: 2 });
      });
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
          for (
            let page = await sorts({ order });
            page.length > 0;
            page = await sorts({ order, after: met.at(-1) ?? '' })
          )
            met.push(...page);
          expect(met).toEqual(order === 'ascending' ? all : all.toReversed());
        }
      });

      it('answers each entry in one part of the partition, and each part in order', async () => {
        const all = Array.from({ length: 60 }, (_, index) => `${String(index).padStart(4, '0')}#id-${index}`);
        await fill(all);
        const parts = await table.parts('list', partition);
        const side = await Promise.all(
          parts.map((part) => sorts({ part, after: all[9] ?? '', before: all[50] ?? '' })),
        );
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
  });
}
