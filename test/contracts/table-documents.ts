import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldValue } from '../../functions/core/ports/table.ts';
import type { TestedTable } from './tested-table.ts';

const HOUR_MS = 3_600_000;

/** The contract of the documents of a table: inserting, reading, deleting, expiry. */
export function documentContract(tested: () => TestedTable): void {
  let table: TestedTable['table'];
  let key: TestedTable['key'];
  let partition: TestedTable['partition'];
  let put: TestedTable['put'];
  let sorts: TestedTable['sorts'];
  beforeEach(() => {
    ({ table, key, partition, put, sorts } = tested());
  });

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
}
