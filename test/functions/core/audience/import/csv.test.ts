import { describe, expect, it } from 'vitest';
import { csvLine, csvRows, readHeader, withoutApostrophe } from '../../../../../functions/core/audience/import/csv.ts';

/** The header and the rows of a file: the line, and the cells or the reason why the row is wrong. */
function read(text: string | Buffer) {
  const file = Buffer.from(text);
  const { columns, delimiter, next } = readHeader(file);
  const rows = [...csvRows(file, next, delimiter)].map(({ line, cells, wrong }) => [line, wrong ?? cells]);
  return { columns, delimiter, rows };
}
const unclosed = 'A quote is not closed, or is followed by other characters.';

describe('a CSV file', () => {
  it.each([
    ['LF', 'a,b\n1,2\n3,4\n'],
    ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['no line end at its end', 'a,b\n1,2\n3,4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4'],
    ['empty lines', 'a,b\n\n1,2\r\n\r\n\n3,4\n\n'],
    ['quotes', '"a","b"\n"1",2\n3,"4"\n'],
    ['blanks around the names of columns', ' a , b\n1,2\n3,4'],
    ['semicolons', 'a;b\n1;2\n3;4'],
    ['tabs', 'a\tb\n1\t2\n3\t4'],
  ])('may have %s', (_what, text) => {
    const { columns, rows } = read(text);
    expect(columns).toEqual(['a', 'b']);
    expect(rows.map(([, cells]) => cells)).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('has quoted cells with delimiters, quotes and line breaks, which count as lines', () => {
    expect(read('a,b\n"x, y","say ""hi"""\n"two\r\nlines",z\n"","last"').rows).toEqual([
      [2, ['x, y', 'say "hi"']],
      [3, ['two\r\nlines', 'z']],
      [5, ['', 'last']],
    ]);
  });

  it('takes a quote within a cell as it is', () => {
    expect(read('a,b\nAnn "Annie" Lee,5"\n').rows).toEqual([[2, ['Ann "Annie" Lee', '5"']]]);
  });

  it.each([
    ['a quote that is never closed', '"x,1\n'],
    ['a quote that the next row closes', '"x,1\n"y",2\n'],
    ['characters after a closing quote', '"x"y,1\n'],
  ])('loses one row, not the rest, to %s', (_what, broken) => {
    const { rows } = read(`a,b\n1,2\n${broken}3,4\n`);
    expect(rows).toEqual(
      expect.arrayContaining([
        [2, ['1', '2']],
        [3, unclosed],
      ]),
    );
    expect(rows.at(-1)?.[1]).toEqual(['3', '4']);
  });

  it('names rows that have a NUL byte, or that are too long', () => {
    expect(read(`a,b\n1,2\0\n"3\n\0",4\n${'x'.repeat(65_537)},5\n6,7`).rows).toEqual([
      [2, 'The row has a NUL byte.'],
      [3, 'The row has a NUL byte.'],
      [5, 'The row is longer than 65536 bytes.'],
      [6, ['6', '7']],
    ]);
  });

  it('may have 200 columns, and may be empty', () => {
    const wide = Array.from({ length: 200 }, (_, index) => `c${index}`);
    expect(read(`${wide.join(',')}\n${wide.join(',')}`).rows).toEqual([[2, wide]]);
    expect(read('')).toEqual({ columns: [], delimiter: ',', rows: [] });
  });

  it('goes on at any row that it ended with', () => {
    const file = Buffer.from('\ufeffa,b\r\n"1\n1",2\r\n\r\nü,"4"\n5,6');
    const { next, delimiter } = readHeader(file);
    const all = [...csvRows(file, next, delimiter)];
    expect(all).toHaveLength(3);
    for (const [index, row] of all.entries())
      expect([...csvRows(file, row.next, delimiter)]).toEqual(all.slice(index + 1));
  });

  it.each([
    ['"', 100_000],
    ['""', 0],
    ['"x', 200_000],
    ['x"', 200_000],
    ['"x"y', 200_000],
  ])('is read in linear time with 200,000 lines of %s', (line, expected) => {
    const file = Buffer.from(`a,b\n${`${line}\n`.repeat(200_000)}`);
    let rows = 0;
    for (const _ of csvRows(file, readHeader(file).next, ',')) rows++;
    expect(rows).toBe(expected);
  });
});

describe('a line of an export', () => {
  it('is read back as it was', () => {
    const cells = [
      'ada@example.org',
      'Ada, "the first"',
      'two\nlines',
      ' blank ',
      '',
      '=1+1',
      '+49',
      '-x',
      '@home',
      '-5',
    ];
    const file = Buffer.from(`a\n${csvLine(cells)}`);
    const [row] = csvRows(file, readHeader(file).next, ',');
    expect(row?.cells.map(withoutApostrophe)).toEqual(cells);
  });

  it('has no text that a spreadsheet would calculate', () => {
    expect(csvLine(['=HYPERLINK("http://x")', '@SUM(1)', '\t=1', -5, true, undefined])).toBe(
      `"'=HYPERLINK(""http://x"")",'@SUM(1),'\t=1,-5,true,\r\n`,
    );
  });
});
