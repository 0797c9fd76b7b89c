import { describe, expect, it } from 'vitest';
import { plainTextOf } from '../../../../functions/adapters/mime/plain-text.ts';
import { randomFrom, textOf } from '../../../helpers/random-text.ts';

describe('plainTextOf', () => {
  it.each<[string, string, string]>([
    ['paragraphs and line breaks', '<p>One<br>two.</p><p>Three.</p>', 'One\ntwo.\n\nThree.'],
    ['a heading', '<h1>Hello</h1><p>Bob.</p>', 'HELLO\n\nBob.'],
    ['lists', '<ul><li>a</li><li>b</li></ul>', '* a\n * b'],
    [
      'a link with its address',
      '<a href="https://example.com/?a=1&amp;b=2">here</a>',
      'here https://example.com/?a=1&b=2',
    ],
    ['a link that shows its address', '<a href="https://example.com">https://example.com</a>', 'https://example.com'],
    ['entities and scripts of all kinds', '<p>Gr&uuml;&szlig;e, 世界&nbsp;👋</p>', 'Grüße, 世界\u00a0👋'],
    ['no image', '<p>a<img src="https://example.com/pixel.gif" alt="x"></p>', 'a'],
    [
      'no style, script, title or comment',
      '<title>t</title><style>a{}</style><script>b()</script><!-- c --><p>d</p>',
      'd',
    ],
    ['what react-email marks as no text', '<div data-skip-in-text="true">a</div><p>b</p>', 'b'],
    ['a layout of tables', '<table><tr><td><table><tr><td><p>a</p></td></tr></table></td></tr></table>', 'a'],
    ['the body of a whole document', '<html><head><title>t</title></head><body><p>a</p></body></html>', 'a'],
    ['a long line as one', `<p>${'word '.repeat(100)}</p>`, 'word '.repeat(100).trim()],
    ['tags that do not close', '<p>a<b>b<a href="https://example.com">c', 'abc https://example.com'],
  ])('reads %s', async (_what, html, text) => {
    expect(await plainTextOf(html)).toBe(text);
  });

  it.each(['', ' \n', '<img src="x">', '<style>a{}</style>', '<p></p>'])('finds no text in %j', async (html) => {
    expect(await plainTextOf(html)).toBeUndefined();
  });

  it('takes 500,000 characters, 20,000 tags and a hundred levels, not one more', async () => {
    const filled = (length: number) => `<p>${'a'.repeat(length - 3)}`;
    expect(await plainTextOf(filled(500_000))).toHaveLength(499_997);
    expect(await plainTextOf(filled(500_001))).toBeUndefined();
    expect(await plainTextOf(`${'<b></b>'.repeat(10_000)}a`)).toBe('a');
    expect(await plainTextOf(`${'<b></b>'.repeat(10_000)}<b>a`)).toBeUndefined();
    const nested = (depth: number) => `${'<div>'.repeat(depth)}a`;
    expect(await plainTextOf(nested(100))).toBe('a');
    expect(await plainTextOf(nested(101))).toBeUndefined();
  });

  it('makes no text of html whose text would be many times as long', async () => {
    expect(await plainTextOf(`${'<blockquote>'.repeat(90)}${'x<br>'.repeat(19_000)}`)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['ten million characters of open tags', '<div>'.repeat(2_000_000)],
    ['tags that never close', '<div>'.repeat(20_000)],
    ['links that never close', '<a href="x">y'.repeat(20_000)],
    ['ends of what was never begun', `${'<a>'.repeat(10_000)}${'</b>'.repeat(10_000)}`],
    ['quotes in quotes', '<blockquote>x'.repeat(20_000)],
    ['tables in tables', '<table><tr><td>'.repeat(6_000)],
    ['cells as large as can be said', `<table><tr>${'<td colspan=1e9 rowspan=1000000000>x'.repeat(9_000)}`],
    ['a list that begins late', '<ol start=99999999999999999999><li>a<ol start=-1e308><li>b'],
    ['attributes without end', `<p ${'a=b '.repeat(120_000)}`],
    ['quotes without end', '<a href="'.repeat(50_000)],
    ['comments without end', '<!--'.repeat(120_000)],
    ['brackets', '<'.repeat(500_000)],
    ['entities without end', '&#x'.repeat(160_000)],
    ['blanks', ' '.repeat(500_000)],
    ['scripts in scripts', '<script>'.repeat(20_000)],
  ])('answers a text or none for %s', async (_what, html) => {
    const text = await plainTextOf(html);
    expect(text === undefined || text.length <= 1_000_000).toBe(true);
  });

  it('ends for random html, with the same text each time', async () => {
    const random = randomFrom(20261121);
    const parts = [
      ...['<p>', '</p>', '<b', '>', '</', '<!--', '-->', '<![CDATA[', ']]>', '<?x', '<!doctype html>', '<br/>', '<hr>'],
      ...[
        '<table>',
        '<tr>',
        '<td colspan="-1">',
        '<th>',
        '<ol type="i">',
        '<ul>',
        '<li value=x>',
        '<pre>',
        '<h1>',
        '<a href=',
      ],
      ...[
        '"',
        "'",
        '=',
        '&',
        '&#0;',
        '&#xd800;',
        '&#1114112;',
        '&nbsp',
        '\0',
        '\r',
        '\n',
        '\t',
        ' ',
        'text',
        '世',
        '👋',
        '\ud83d',
      ],
      ...[
        '<svg>',
        '<math>',
        '<template>',
        '<textarea>',
        '<select>',
        '<option>',
        '<title>',
        '<style>',
        '<body>',
        '<html>',
        '<__proto__>',
      ],
    ];
    let texts = 0;
    for (let round = 0; round < 3_000; round++) {
      const html = textOf(random, parts, 12);
      const text = await plainTextOf(html);
      if (text !== undefined) texts++;
      expect(await plainTextOf(html)).toBe(text);
    }
    expect(texts).toBeGreaterThan(1_000);
  });
});
