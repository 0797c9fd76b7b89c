/** The beginning of a CSV file, for mapping its columns. The API reads the file itself; this decides nothing. */
export interface CsvSample {
  readonly columns: readonly string[];
  /** The first rows. */
  readonly rows: readonly (readonly string[])[];
}

/** The size of a beginning of a file that has the header and some rows. */
export const SAMPLE_BYTES = 65_536;
const SAMPLE_ROWS = 3;
const DELIMITERS = [',', ';', '\t'] as const;

/** The header and the first rows; the delimiter is the one that the header has most often, as the API decides it. */
export function sampleOf(start: string): CsvSample {
  const text = start.replace(/^\uFEFF/, '');
  const readings = DELIMITERS.map((delimiter) => rowsOf(text, delimiter, SAMPLE_ROWS + 1));
  const [best = []] = readings.toSorted((a, b) => (b[0]?.length ?? 0) - (a[0]?.length ?? 0));
  const [header = [], ...rows] = best;
  return { columns: header.map((cell) => cell.trim()), rows };
}

function rowsOf(text: string, delimiter: string, limit: number): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false];
  for (let at = 0; at <= text.length && rows.length < limit; at++) {
    const char = text[at];
    if (quoted) {
      if (char !== '"') cell += char ?? '';
      else if (text[at + 1] === '"') cell += text[at++];
      else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter || char === '\n' || char === undefined) {
      row.push(cell.replace(/\r$/, ''));
      cell = '';
      if (char === delimiter) continue;
      if (row.length > 1 || row[0] !== '') rows.push(row);
      row = [];
    } else cell += char;
  }
  return rows;
}

/** A part of a file that one request takes; whole rows. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

const [QUOTE, LINE_FEED] = [0x22, 0x0a];

/** Where the header ends, and pieces of the rest with at most so many bytes and rows each. Line feeds within quotes end no row. */
export function piecesOf(
  file: Uint8Array,
  { bytes, rows: maxRows }: { readonly bytes: number; readonly rows: number },
): { readonly header: number; readonly pieces: readonly Piece[] } {
  const pieces: Piece[] = [];
  let [header, from, end, rows, quoted]: [number, number, number, number, boolean] = [0, 0, 0, 0, false];
  for (let at = 0; at <= file.length; at++) {
    if (file[at] === QUOTE) quoted = !quoted;
    const isEnd = at === file.length || (file[at] === LINE_FEED && !quoted);
    if (!isEnd) continue;
    const next = Math.min(file.length, at + 1);
    if (header === 0) [header, from, end] = [next, next, next];
    else {
      if (end > from && (next - from + header > bytes || rows === maxRows)) {
        pieces.push({ from, to: end });
        [from, rows] = [end, 0];
      }
      [end, rows] = [next, rows + 1];
    }
  }
  if (end > from) pieces.push({ from, to: end });
  return { header, pieces };
}
