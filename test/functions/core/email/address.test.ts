import addressparser from 'nodemailer/lib/addressparser';
import { describe, expect, it } from 'vitest';
import { formatMailbox, parseMailbox } from '../../../../functions/core/email/address.ts';
import { pick, randomFrom, textOf } from '../../../helpers/random-text.ts';

const parse = (text: string) => parseMailbox(text, 'to');
const refusal = expect.objectContaining({ name: 'SendoffError', status: 422, code: 'validation_error' });

describe('parseMailbox', () => {
  it.each([
    ['a@example.com', '', 'a@example.com'],
    [' a@example.com ', '', 'a@example.com'],
    ['<a@example.com>', '', 'a@example.com'],
    ['Ann <a@example.com>', 'Ann', 'a@example.com'],
    ['Ann Lee<a@example.com>', 'Ann Lee', 'a@example.com'],
    ['"Lee, Ann" <a@example.com>', 'Lee, Ann', 'a@example.com'],
    ['Lee, Ann <a@example.com>', 'Lee, Ann', 'a@example.com'],
    ['"Ann \\"A\\" <Lee>" <a@example.com>', 'Ann "A" <Lee>', 'a@example.com'],
    ['a@elsewhere.org <b@example.com>', 'a@elsewhere.org', 'b@example.com'],
    ['世界 👋 <a@example.com>', '世界 👋', 'a@example.com'],
    ["O'Neil <o'neil@example.com>", "O'Neil", "o'neil@example.com"],
    ['Mixed.Case+tag@Example.COM', '', 'Mixed.Case+tag@example.com'],
    ['a@münchen.de', '', 'a@xn--mnchen-3ya.de'],
    ['a@例え。テスト', '', 'a@xn--r8jz45g.xn--zckzah'],
    ['a@xn--mnchen-3ya.de', '', 'a@xn--mnchen-3ya.de'],
    ['"john doe"@example.com', '', '"john doe"@example.com'],
    ['"a@b"@example.com', '', '"a@b"@example.com'],
    ['Quoted <"a\\"b"@example.com>', 'Quoted', '"a\\"b"@example.com'],
    // Quotes that look needless stay: without them the first two would be no addresses.
    ['"a..b"@example.com', '', '"a..b"@example.com'],
    ['<"a..b"@example.com>', '', '"a..b"@example.com'],
    [' "a.b"@Example.com ', '', '"a.b"@example.com'],
    ['"\\a"@example.com', '', '"\\a"@example.com'],
    ['""@example.com', '', '""@example.com'],
    ['a@1and1.com', '', 'a@1and1.com'],
    ['a@b-c.d-e.f0', '', 'a@b-c.d-e.f0'],
  ])('reads %j', (text, name, address) => {
    expect(parse(text)).toEqual({ name, address });
  });

  it.each([
    ['nothing', ''],
    ['blanks', '  '],
    ['a name alone', 'Ann'],
    ['no local part', '@example.com'],
    ['no domain', 'a@'],
    ['a domain of one label', 'a@localhost'],
    ['two addresses', 'a@example.com, b@example.com'],
    ['two addresses by a semicolon', 'a@example.com; b@example.com'],
    ['two addresses by a blank', 'a@example.com b@example.com'],
    ['two addresses in brackets', '<a@example.com> <b@example.com>'],
    ['text after the address', 'Ann <a@example.com> Lee'],
    ['a name without brackets', 'Ann a@example.com'],
    ['an open bracket', 'Ann <a@example.com'],
    ['a stray bracket', 'Ann a@example.com>'],
    ['empty brackets', 'a@example.com <>'],
    ['an open quote', '"Ann <a@example.com>'],
    ['a group', 'Team: a@example.com;'],
    ['an empty group', 'undisclosed-recipients:;'],
    ['a trailing semicolon', 'a@example.com;'],
    ['a comment', 'a@example.com (Ann)'],
    ['two @', 'a@b@example.com'],
    ['two addresses with quotes', '"a"@example.com,"b"@example.com'],
    ['a quote that ends too soon', '"a"b"@example.com'],
    ['text after a quote', '"a"b@example.com'],
    ['a dot at the start', '.a@example.com'],
    ['a dot at the end', 'a.@example.com'],
    ['two dots', 'a..b@example.com'],
    ['a blank in the local part', 'Ann <a b@example.com>'],
    ['a local part that is not ASCII', 'grüße@example.com'],
    ['a domain with an underscore', 'a@b_c.com'],
    ['a label with a dash first', 'a@-b.com'],
    ['a label with a dash last', 'a@b-.com'],
    ['two dots in the domain', 'a@b..com'],
    ['a dot at the end of the domain', 'a@example.com.'],
    ['a label of 64 characters', `a@${'b'.repeat(64)}.com`],
    ['an address literal', 'a@[127.0.0.1]'],
    ['an IP address', 'a@127.0.0.1'],
    ['a short form of an IP address', 'a@1.2.3'],
    ['a hexadecimal IP address', 'a@0x7f.1'],
    ['full-width digits of an IP address', 'a@１２７.０.０.１'],
    ['a percent-encoded domain', 'a@ex%61mple.com'],
    ['a path after the domain', 'a@example.com/b.com'],
    ['a port after the domain', 'a@example.com:25'],
    ['a scheme', 'Ann <mailto:a@example.com>'],
    ['a right-to-left override in the domain', 'a@exa\u202emple.com'],
    ['a line break', 'Ann\n <a@example.com>'],
    ['a carriage return', 'a@example.com\r\nBcc: b@example.com'],
    ['a null character', 'a\u0000@example.com'],
    ['a tab', 'Ann\t<a@example.com>'],
  ])('refuses %s', (_what, text) => {
    expect(() => parse(text)).toThrow(refusal);
  });

  it('names the field in Resend’s words, then says what is wrong', () => {
    expect(() => parseMailbox('x', 'reply_to')).toThrow(
      'Invalid `reply_to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format. It ',
    );
  });

  it('takes 64 characters before the @, not 65', () => {
    expect(parse(`${'a'.repeat(64)}@example.com`).address).toHaveLength(76);
    expect(() => parse(`${'a'.repeat(65)}@example.com`)).toThrow(/64 characters/);
  });

  it('takes 254 characters in all, not 255', () => {
    const label = (length: number) => `${'b'.repeat(length)}.`;
    const address = (last: number) => `a@${label(60).repeat(4)}${'c'.repeat(last)}`;
    expect(address(8)).toHaveLength(254);
    expect(parse(address(8)).address).toHaveLength(254);
    expect(() => parse(address(9))).toThrow(/254 characters/);
  });

  it('takes a mailbox that has 1000 characters as text, not 1001', () => {
    const withName = (length: number, end = '') => `${'n'.repeat(length - end.length)}${end} <a@example.com>`;
    expect(parse(withName(984)).name).toHaveLength(984);
    expect(() => parse(withName(985))).toThrow(/longer than 1000/);
    // A comma makes it a quoted name, which is two characters longer: the worker must be able to parse it again.
    expect(parse(withName(982, ', n')).name).toHaveLength(982);
    expect(() => parse(withName(983, ', n'))).toThrow(/longer than 1000/);
  });
});

describe('formatMailbox', () => {
  it.each([
    [{ name: '', address: 'a@example.com' }, 'a@example.com'],
    [{ name: 'Ann', address: 'a@example.com' }, 'Ann <a@example.com>'],
    [{ name: 'Lee, Ann', address: 'a@example.com' }, '"Lee, Ann" <a@example.com>'],
    [{ name: 'A "B" \\C', address: 'a@example.com' }, '"A \\"B\\" \\\\C" <a@example.com>'],
  ])('writes %j', (mailbox, text) => {
    expect(formatMailbox(mailbox)).toBe(text);
  });

  it('writes a parsed mailbox so that it parses to the same again', () => {
    const random = randomFrom(20261121);
    const parts = [
      'a@b.co',
      '<a@b.co>',
      '"',
      '\\',
      '<',
      '>',
      ',',
      ';',
      ':',
      '(',
      ')',
      '[',
      "'",
      ' ',
      'Ann',
      'é',
      '.',
      '=?utf-8?q?=41?=',
      '"a..b"@b.co',
      '<"a..b"@b.co>',
    ];
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = textOf(random, parts, 6) + pick(random, ['', '<a@b.co>', ' <x@y.zz>']);
      const mailbox = tried(text);
      if (!mailbox) continue;
      read++;
      expect(parse(formatMailbox(mailbox)), text).toEqual(mailbox);
      expect(addressparser(formatMailbox(mailbox)), text).toHaveLength(1);
    }
    expect(read).toBeGreaterThan(1_000);
  });

  it('never accepts a control character or a second address', () => {
    const random = randomFrom(7);
    const parts = ['a@b.co', 'c@d.ee', '\r', '\n', '\r\n', '\u0000', '\u000b', ',', ' ', '<', '>', 'Bcc: ', '"', '\\'];
    for (let round = 0; round < 20_000; round++) {
      const mailbox = tried(textOf(random, parts, 7));
      if (!mailbox) continue;
      expect(mailbox.address).toMatch(/^[!-~ ]+$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
      expect(`${mailbox.name}${mailbox.address}`).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
  });
});

function tried(text: string) {
  try {
    return parse(text);
  } catch (error) {
    expect(error).toEqual(refusal);
    return undefined;
  }
}
