import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { nearest, parseWhole, validate } from '../../../functions/core/validate.ts';

const fields = ['from', 'to', 'subject', 'cc', 'bcc', 'reply_to', 'html', 'text', 'headers', 'tags', 'scheduled_at'];

describe('nearest', () => {
  it.each([
    ['sheduled_at', 'scheduled_at'],
    ['scheduledAt', 'scheduled_at'],
    ['SCHEDULED_AT', 'scheduled_at'],
    ['schedule', 'scheduled_at'],
    ['replyTo', 'reply_to'],
    ['form', 'from'],
    ['To', 'to'],
    ['sbject', 'subject'],
    ['tag', 'tags'],
    ['header', 'headers'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, fields)).toBe(meant);
  });

  it.each(['x', 'foo', 'body', 'message', 'b', '', 'constructor'])('has no suggestion for %j', (name) => {
    expect(nearest(name, fields)).toBeUndefined();
  });

  it('is fast for a name of a megabyte', () => {
    expect(nearest('x'.repeat(1_000_000), fields)).toBeUndefined();
  });
});

describe('parseWhole', () => {
  it.each([
    ['1', 1],
    ['100', 100],
    ['007', 7],
  ])('reads %j', (text, value) => {
    expect(parseWhole(text, 'limit', 1, 100)).toBe(value);
  });

  it.each(['', ' ', '0', '101', '-1', '1.5', '1e1', '0x10', ' 5', 'ten', 'NaN', 'Infinity', '9'.repeat(400)])(
    'refuses %j',
    (text) => {
      expect(() => parseWhole(text, 'limit', 1, 100)).toThrow(
        'Invalid `limit`: it must be a whole number from 1 to 100.',
      );
    },
  );
});

describe('validate', () => {
  const schema = z.strictObject({
    name: z.string().check(z.minLength(2), z.maxLength(3)),
    count: z.optional(z.int().check(z.gte(1), z.lte(5))),
    list: z.optional(z.array(z.string()).check(z.minLength(1), z.maxLength(2))),
    either: z.optional(z.union([z.string(), z.array(z.string()).check(z.maxLength(1))])),
    mode: z.optional(z.enum(['a', 'b'])),
    word: z.optional(z.string().check(z.regex(/^\w+$/))),
    inner: z.optional(z.strictObject({ deep: z.string() })),
  });
  const said = (value: unknown): { code: string; status: number; message: string } => {
    try {
      validate(schema, value, Object.keys(schema.def.shape));
    } catch (error) {
      return error as { code: string; status: number; message: string };
    }
    throw new Error('it was taken');
  };

  it('replaces half of a surrogate pair by U+FFFD wherever it stands, and keeps a whole one', () => {
    const given = { name: '\ud83d!', list: ['a\udc4b'], either: '👋', inner: { deep: '\ud83d\ud83d' } };
    const mended = { name: '\ufffd!', list: ['a\ufffd'], either: '👋', inner: { deep: '\ufffd\ufffd' } };
    expect(validate(schema, given)).toEqual(mended);
  });

  it('answers a valid value', () => {
    expect(validate(schema, { name: 'abc', inner: { deep: 'x' } })).toEqual({ name: 'abc', inner: { deep: 'x' } });
  });

  it.each<[unknown, string, string]>([
    [{}, 'missing_required_field', 'Missing `name` field.'],
    [{ name: null }, 'missing_required_field', 'Missing `name` field.'],
    [{ name: 'a' }, 'invalid_parameter', 'Invalid `name` field: it must have at least 2 characters.'],
    [{ name: 'abcd' }, 'invalid_parameter', 'Invalid `name` field: it must have at most 3 characters.'],
    [{ name: 'ab', count: 0 }, 'invalid_parameter', 'Invalid `count` field: it must be at least 1.'],
    [{ name: 'ab', count: 6 }, 'invalid_parameter', 'Invalid `count` field: it must be at most 5.'],
    [{ name: 'ab', list: [] }, 'invalid_parameter', 'Invalid `list` field: it must have at least 1 entries.'],
    [{ name: 'ab', list: ['', '', ''] }, 'invalid_parameter', 'Invalid `list` field: it must have at most 2 entries.'],
    [{ name: 'ab', list: [1] }, 'invalid_parameter', 'Invalid `list.0` field: it must be of type string.'],
    [{ name: 'ab', either: 1 }, 'invalid_parameter', 'Invalid `either` field: it has the wrong type.'],
    [{ name: 'ab', either: ['', ''] }, 'invalid_parameter', 'Invalid `either` field: it must have at most 1 entries.'],
    [{ name: 'ab', either: [1] }, 'invalid_parameter', 'Invalid `either` field: entry 0: it must be of type string.'],
    [{ name: 'ab', mode: 'c' }, 'invalid_parameter', 'Invalid `mode` field: it must be "a" or "b".'],
    [{ name: 'ab', word: 'a b' }, 'invalid_parameter', 'Invalid `word` field: only ASCII letters'],
    [{ name: 'ab', inner: {} }, 'missing_required_field', 'Missing `inner.deep` field.'],
    [{ name: 'ab', inner: { deep: '', more: 1 } }, 'invalid_parameter', 'Unknown field `inner.more`.'],
    [{ name: 'ab', wrod: 'x' }, 'invalid_parameter', 'Unknown field `wrod`. Did you mean `word`?'],
    [{ name: 'ab', zzz: 'x' }, 'invalid_parameter', 'Unknown field `zzz`.'],
    [{ name: 'ab', constructor: 1 }, 'invalid_parameter', 'Unknown field `constructor`.'],
    [JSON.parse('{"name":"ab","__proto__":1}'), 'invalid_parameter', 'Unknown field `__proto__`.'],
    [[], 'invalid_parameter', 'The request body must be a JSON object.'],
    [null, 'invalid_parameter', 'The request body must be a JSON object.'],
    ['text', 'invalid_parameter', 'The request body must be a JSON object.'],
    [7, 'invalid_parameter', 'The request body must be a JSON object.'],
  ])('refuses %j', (value, code, message) => {
    expect(said(value)).toMatchObject({ status: 422, code, message: expect.stringContaining(message) });
  });

  it('counts entries before the schema, which overflows the stack at some 100,000 wrong ones', () => {
    const untouched = z.looseObject({
      list: z.custom(() => {
        throw new Error('the schema ran');
      }),
    });
    const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, 1]));
    for (const list of [names(1_001), Array.from({ length: 1_001 }, () => 1)])
      expect(() => validate(untouched, { list })).toThrow('Invalid `list` field: it has more than 1000 entries.');
    expect(() => validate(untouched, names(1_001))).toThrow('The request has more than 1000 fields.');
    expect(() => validate(untouched, { list: names(1_000) })).toThrow('the schema ran');
  });

  it('refuses an entry named __proto__, which the schema would drop', () => {
    const record = z.object({ headers: z.record(z.string(), z.string()) });
    expect(() => validate(record, JSON.parse('{"headers":{"__proto__":"x"}}'))).toThrow(
      'Invalid `headers` field: __proto__ cannot be set in it.',
    );
  });

  it('quotes only the beginning of a long name', () => {
    expect(said({ name: 'ab', ['x'.repeat(1_000_000)]: 1 }).message.length).toBeLessThan(200);
  });
});
