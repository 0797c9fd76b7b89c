import { describe, expect, it } from 'vitest';
import { isAddress, isMailboxOf, mentions, textsOf } from '../../../../functions/core/privacy/mention.ts';

const ada = 'ada.l@example.com';

describe('a text', () => {
  it.each([
    ['ada.l@example.com'],
    ['Write to ADA.L@Example.COM.'],
    ['smtp; 550 5.1.1 <ada.l@example.com>: no such user'],
    ["550 'ada.l@example.com' unknown"],
    ['"ada.l"@example.com'],
    ['"ad\\a.l"@example.com'],
    ['{"to":["Ada <ada.l@example.com>"'],
    ['{"to":"\\"ada.l\\"@example.com"'],
    ['{"f":{"to":"[\\"ada.l@example.com\\"]"'],
    ['unknown\\nada.l@example.com'],
    ['"\\\\u0022ada.l@example.com"'],
    ['https://example.com/?to=ada.l%40example.com&x=1'],
    ['mailto:ada.l@example.com?subject=x'],
    ['bob@example.com,ada.l@example.com'],
    [`${'İ'.repeat(600)} <ada.l@example.com>`],
    ['not-ada.l@example.com, ada.l@example.com'],
  ])('%s mentions the address', (text) => {
    expect(mentions(text, ada)).toBe(true);
  });

  it.each([
    ['not-ada.l@example.com'],
    ['a.ada.l@example.com'],
    ['ada+ada.l@example.com'],
    ['éada.l@example.com'],
    ['ada.l@example.com.au'],
    ['ada.l@example.community'],
    ['ada.l@example.com-mail.net'],
    ['ada.l at example.com'],
    ['example.com'],
    [''],
  ])('%j does not mention it', (text) => {
    expect(mentions(text, ada)).toBe(false);
  });

  it('mentions an address with an international domain in either form', () => {
    const address = 'a@xn--mnchen-3ya.example';
    expect(mentions('to a@MÜNCHEN.example', address)).toBe(true);
    expect(mentions('to a@mu\u0308nchen。example', address)).toBe(true);
    expect(mentions('to a@xn--mnchen-3ya.example', address)).toBe(true);
    expect(mentions('to a@munchen.example', address)).toBe(false);
  });

  it('mentions an address that needs its quotes', () => {
    expect(mentions('to <"a b"@example.com>', '"a b"@example.com')).toBe(true);
    expect(mentions('{"to":"\\"a b\\"@example.com"}', '"a b"@example.com')).toBe(true);
  });

  it('does not mention an address whose domain cannot be decoded', () => {
    expect(mentions('ada@', 'ada@xn--\u{1f600}')).toBe(false);
    expect(mentions('ada@ ', 'ada@xn--0.example')).toBe(false);
  });
});

describe('a mailbox', () => {
  it.each([
    ['ada.l@example.com', true],
    ['Ada <ADA.L@example.com>', true],
    ['<"ada.l"@example.com>', true],
    // Earlier versions accepted it.
    [`${'İ'.repeat(600)} <ada.l@example.com>`, true],
    ['"ada.l@example.com" <bob@example.com>', true],
    ['ada.l@example.com via a list <list@example.com>', true],
    ['Ada <ada.l@example.com', true],
    ['Ada <ada.l@example.com>, Bob <bob@example.com>', true],
    ["o'ada.l@example.com", false],
    ['Ada <o/ada.l@example.com>', false],
    ['"ada.l "@example.com', false],
    ['Ada L', false],
    ['', false],
  ])('%j counts by its exact address, or by a mention in its name: %s', (mailbox, is) => {
    expect(isMailboxOf(mailbox, ada)).toBe(is);
  });
});

describe('what can be an address', () => {
  it.each([
    ['ada@example.com', true],
    ['"a..b"@docomo.example', true],
    ['a..b@docomo.example', true],
    ['"a b"@example.com', true],
    ['ada', false],
    ['@example.com', false],
    ['ada@', false],
    ['a@b@c', false],
    ['ada <ada@example.com>', false],
    ['a@example.com, b@example.com', false],
    ['a b@example.com', false],
  ])('%j: %s', (text, is) => {
    expect(isAddress(text)).toBe(is);
  });
});

describe('the texts of a value', () => {
  it('are those of any kind and depth, including names of fields', () => {
    const value = { a: ['b', { c: 'd', e: [new Set(['f'])] }], g: 1, h: null, i: undefined, j: true };
    expect(textsOf(value).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    expect([textsOf('a'), textsOf(1), textsOf(null), textsOf(undefined)]).toEqual([['a'], [], [], []]);
  });

  it('are found at a depth that recursion would not reach', () => {
    const depth = 100_000;
    const value: unknown = JSON.parse(`${'['.repeat(depth)}"a"${']'.repeat(depth)}`);
    expect(textsOf(value)).toEqual(['a']);
  });
});
