import { describe, expect, it } from 'vitest';
import { checkHeaders } from '../../../../functions/core/email/headers.ts';

const refusal = expect.objectContaining({ status: 422, code: 'invalid_parameter' });

describe('checkHeaders', () => {
  it.each([
    ['X-Tags', '["a"]'],
    ['x-any', ''],
    ['List-Unsubscribe', '<https://example.com/u?a=1>, <mailto:u@example.com>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ['In-Reply-To', '<1@example.com>'],
    ['References', '<1@example.com>\t<2@example.com>'],
    ['X-Text', 'Grüße, 世界'],
    ['X!#$%&*+^_`|~', 'every other sign'],
    ['Contents', 'not Content-'],
    ['X-SE', 'not X-SES-'],
    ['Bccx', 'not Bcc'],
  ])('takes %s', (name, value) => {
    expect(checkHeaders({ [name]: value })).toEqual({ [name]: value });
  });

  it.each(['From', 'TO', 'cc', 'Bcc', 'Subject', 'Reply-To'])('refuses %s, and names the field to use', (name) => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow(refusal);
    expect(() => checkHeaders({ [name]: 'x' })).toThrow(
      `${name} cannot be set; use the field \`${name.toLowerCase().replace('-', '_')}\`.`,
    );
  });

  it.each([
    'Sender',
    'Date',
    'Message-ID',
    'Return-Path',
    'Received',
    'MIME-Version',
    'DKIM-Signature',
    'DomainKey-Signature',
    'Authentication-Results',
    'Feedback-ID',
    'X-SES-CONFIGURATION-SET',
    'x-ses-message-tags',
    'X-SES-Source-ARN',
    'X-Amz-Anything',
    'X-Amzn-Anything',
    'Content-Type',
    'content-transfer-encoding',
    'Content-ID',
    'Resent-From',
    'Resent-Bcc',
    'ARC-Seal',
  ])('refuses %s, which callers cannot set', (name) => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow(`${name} cannot be set.`);
  });

  it.each([
    '',
    ' ',
    'Bcc ',
    ' Bcc',
    'Bcc:',
    'X:Y',
    'X Y',
    'X\tY',
    'X\r\nBcc',
    'X\nBcc',
    'Bcc\u0000',
    'Bçc',
    'Вcc',
    'x'.repeat(77),
  ])('refuses the name %j', (name) => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow(refusal);
    expect(() => checkHeaders({ [name]: 'x' })).toThrow('is not a header name');
  });

  it('takes a name of 76 characters', () => {
    expect(() => checkHeaders({ ['x'.repeat(76)]: 'x' })).not.toThrow();
  });

  it.each([
    'a\r\nBcc: b@example.com',
    'a\nb',
    'a\rb',
    '\r\n',
    'a\n',
    'a\u0000b',
    'a\u000bb',
    'a\u000cb',
    'a\u001bb',
    'a\u007fb',
  ])('refuses the value %j', (value) => {
    expect(() => checkHeaders({ 'X-A': value })).toThrow(
      '`headers.X-A`: it has a line break or another control character',
    );
  });

  it('refuses a header twice, whatever its case', () => {
    expect(() => checkHeaders({ 'X-A': '1', 'x-a': '2' })).toThrow('x-a is there twice');
  });

  it('takes 100 headers, not 101', () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, '']));
    expect(Object.keys(checkHeaders(headers(100)))).toHaveLength(100);
    expect(() => checkHeaders(headers(101))).toThrow('Too many `headers`: 101; at most 100.');
  });

  it('refuses __proto__, which an object does not keep', () => {
    expect(() => checkHeaders(JSON.parse('{"__proto__":"x"}'))).toThrow('__proto__ cannot be set.');
    expect(checkHeaders({ constructor: 'x' })).toEqual({ constructor: 'x' });
  });

  it.each(['References', 'in-reply-to', 'List-Unsubscribe', 'List-ID', 'Disposition-Notification-To', 'Errors-To'])(
    'takes only ASCII in %s, which programs read, without runs of blanks that cannot be folded',
    (name) => {
      const blanks = (count: number) => ({ [name]: `<a@example.com>${' '.repeat(count)}<b@example.com>` });
      expect(() => checkHeaders({ [name]: 'Grüße <a@example.com>' })).toThrow(
        `Invalid \`headers.${name}\`: programs read this header, and it takes only ASCII.`,
      );
      expect(() => checkHeaders(blanks(60))).not.toThrow();
      expect(() => checkHeaders(blanks(61))).toThrow(`\`headers.${name}\`: it has more than 60 blanks in a row`);
    },
  );

  it('takes a word that fits a line of 998 characters, not one that does not', () => {
    expect(() => checkHeaders({ 'X-A': `b ${'a'.repeat(997)}\tc` })).not.toThrow();
    expect(() => checkHeaders({ 'X-A': `b ${'a'.repeat(998)} c` })).toThrow('longer than 997 characters');
    // Text that is not ASCII is split into encoded words.
    expect(() => checkHeaders({ 'X-A': 'ü'.repeat(2_000) })).not.toThrow();
  });
});
