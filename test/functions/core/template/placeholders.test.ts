import { describe, expect, it } from 'vitest';
import { fill, onOneLine, placeholdersOf } from '../../../../functions/core/template/placeholders.ts';

const fillFrom = (text: string, values: Record<string, string> = {}) => fill(text, (key) => values[key]);

describe('fill', () => {
  it.each<[string, Record<string, string>, string]>([
    ['Hello {{{NAME}}}!', { NAME: 'Ada' }, 'Hello Ada!'],
    ['Hello {{{ NAME | dear friend }}}!', {}, 'Hello dear friend!'],
    ['Hello {{{NAME|}}}!', {}, 'Hello !'],
    ['Hello {{{NAME}}}!', {}, 'Hello !'],
    ['{{{contact.first_name|you}}}', { 'contact.first_name': 'Ada' }, 'Ada'],
    ['{{NAME}} {NAME} {{{}}} {{{a b}}}', { NAME: 'x' }, '{{NAME}} {NAME} {{{}}} {{{a b}}}'],
    ['{{{A}}}{{{B}}}', { A: '{{{B}}}', B: '$& $1 \\' }, '{{{B}}}$& $1 \\'],
    ['{{{{A}}}}', { A: 'x' }, '{x}'],
  ])('%s', (text, values, expected) => {
    expect(fillFrom(text, values)).toBe(expected);
  });

  it('takes time in proportion to the text, whatever it begins', () => {
    // A quadratic search would take hours.
    expect(fillFrom('{{{a|'.repeat(200_000))).toHaveLength(1_000_000);
    expect(fillFrom(`{{{${' '.repeat(500_000)}`)).toHaveLength(500_003);
  });
});

it('finds the placeholders of a text', () => {
  expect(placeholdersOf('{{{A}}} {{{B| c }}} {{{A}}}')).toEqual([
    { key: 'A' },
    { key: 'B', fallback: 'c' },
    { key: 'A' },
  ]);
});

it('leaves no line break in a subject', () => {
  expect(onOneLine('a\r\nBcc: x@y.z\u2028\u0000b')).toBe('a Bcc: x@y.z b');
});
