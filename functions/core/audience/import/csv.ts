/** A place in a file. */
export type CsvPosition = {
  /** In bytes. */
  readonly offset: number;
  /** 1 is the first. */
  readonly line: number;
};

/** A row of a CSV file. */
export interface CsvRow {
  /** The line at which it begins. */
  readonly line: number;
  readonly cells: readonly string[];
  /** The reason why the row cannot be read; it then has no cells. */
  readonly wrong?: string;
  /** The place after it. */
  readonly next: CsvPosition;
}

export type Delimiter = ',' | ';' | '\t';

/** The first row of a file, and where the others begin. */
export interface CsvHeader {
  readonly delimiter: Delimiter;
  /** Without blanks at their ends. */
  readonly columns: readonly string[];
  readonly next: CsvPosition;
}

/** A row may be longer than any contact: files have columns that nobody maps. */
export const MAX_ROW_BYTES = 65_536;
const NUL = 'The row has a NUL byte.';
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const [LINE_FEED, CARRIAGE_RETURN, QUOTE] = [0x0a, 0x0d, 0x22];

/**
 * Reads the header. The delimiter is the one of comma, semicolon and tab that the header has most often: spreadsheets write the
 * one of their country.
 */
export function readHeader(file: Buffer): CsvHeader {
  const offset = file.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  const start = { offset, line: 1 };
  const readings = ([',', ';', '\t'] as const).map((delimiter) => ({
    delimiter,
    row: csvRows(file, start, delimiter).next().value,
  }));
  const [best] = readings.toSorted((a, b) => (b.row?.cells.length ?? 0) - (a.row?.cells.length ?? 0));
  if (!best?.row) return { delimiter: ',', columns: [], next: start };
  return {
    delimiter: best.delimiter,
    columns: best.row.cells.map((cell) => cell.trim()),
    next: best.row.next,
  };
}

/**
 * The rows from a place on, without empty lines (RFC 4180; line ends may be LF, too). The file must be UTF-8. A row that cannot be
 * read ends with its first line, so that a quote that is never closed costs one row and not the rest of the file.
 */
export function* csvRows(file: Buffer, start: CsvPosition, delimiter: Delimiter): Generator<CsvRow, undefined> {
  let { offset, line } = start;
  while (offset < file.length) {
    const row = rowAt(file, offset, line, delimiter);
    ({ offset, line } = row.next);
    if (row.wrong !== undefined || row.cells.length > 1 || row.cells[0] !== '') yield row;
  }
}

function rowAt(file: Buffer, offset: number, line: number, delimiter: Delimiter): CsvRow {
  const feed = file.indexOf(LINE_FEED, offset);
  const end = feed < 0 ? file.length : feed;
  const next = { offset: feed < 0 ? file.length : feed + 1, line: line + 1 };
  const wrong = (reason: string): CsvRow => ({ line, cells: [], wrong: reason, next });
  if (end - offset > MAX_ROW_BYTES) return wrong(`The row is longer than ${MAX_ROW_BYTES} bytes.`);
  const text = file.toString('utf8', offset, file[end - 1] === CARRIAGE_RETURN && end > offset ? end - 1 : end);
  if (text.includes('\0')) return wrong(NUL);
  if (!text.includes('"')) return { line, cells: text.split(delimiter), next };
  const row = quotedRow(file, offset, line, delimiter);
  if (!row) return wrong('A quote is not closed, or is followed by other characters.');
  return row.cells.some((cell) => cell.includes('\0')) ? { ...wrong(NUL), next: row.next } : row;
}

/** The row with quoted cells, which may have line breaks; undefined if the quotes are wrong. */
function quotedRow(file: Buffer, offset: number, line: number, delimiter: Delimiter): CsvRow | undefined {
  const [separator, last] = [delimiter.charCodeAt(0), Math.min(file.length, offset + MAX_ROW_BYTES)];
  const cells: string[] = [];
  let at = offset;
  for (;;) {
    const quoted = file[at] === QUOTE;
    const from = quoted ? at + 1 : at;
    at = quoted ? closingQuote(file, from, last) : from;
    if (at < 0) return undefined;
    const to = at;
    if (quoted) at++;
    while (!quoted && at < file.length && file[at] !== separator && file[at] !== LINE_FEED) at++;
    if (file[at] === CARRIAGE_RETURN && file[at + 1] === LINE_FEED) at++;
    const cell = quoted ? file.toString('utf8', from, to).replaceAll('""', '"') : file.toString('utf8', from, at);
    cells.push(quoted ? cell : cell.replace(/\r$/, ''));
    if (file[at] === separator) at++;
    else if (at >= file.length || file[at] === LINE_FEED) break;
    else return undefined;
  }
  const next = { offset: Math.min(file.length, at + 1), line: line + 1 + feedsBetween(file, offset, at) };
  return { line, cells, next };
}

/** The place of the quote that closes a cell; -1 if there is none before `last`. */
function closingQuote(file: Buffer, from: number, last: number): number {
  for (let at = file.indexOf(QUOTE, from); at >= 0 && at < last; at = file.indexOf(QUOTE, at + 2))
    if (file[at + 1] !== QUOTE) return at;
  return -1;
}

function feedsBetween(file: Buffer, from: number, to: number): number {
  let feeds = 0;
  for (let at = file.indexOf(LINE_FEED, from); at >= 0 && at < to; at = file.indexOf(LINE_FEED, at + 1)) feeds++;
  return feeds;
}

/** A cell that a spreadsheet would calculate (OWASP, "CSV injection"). */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A row as text, with its line end. Text that a spreadsheet would take for a formula begins with an apostrophe, which
 * `withoutApostrophe` removes again.
 */
export function csvLine(cells: readonly (string | number | boolean | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return String(value ?? '');
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The cell without the apostrophe that an export puts before a formula. */
export const withoutApostrophe = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
