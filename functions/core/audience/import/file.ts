import { isUtf8 } from 'node:buffer';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { invalid, SendoffError } from '../../errors.ts';
import { type CsvHeader, csvRows } from './csv.ts';
import { importLimits } from './import.ts';

/** The file as it is stored: compressed it takes a fifth of the space. */
export const packFile = (file: Buffer): Uint8Array =>
  brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
/** The reverse of packFile. */
export const unpackFile = (bytes: Uint8Array): Buffer => brotliDecompressSync(bytes);

const IN_PIECES = '`sendoff contacts import FILE` imports larger files in pieces.';

/** 413 for a file that is too large for a request; 422 for one that is not UTF-8. */
export function checkFile(file: Buffer): void {
  const { fileBytes } = importLimits;
  if (file.length > fileBytes)
    throw new SendoffError(
      'validation_error',
      413,
      `The file has ${file.length} bytes; a request takes ${fileBytes}. ${IN_PIECES}`,
    );
  checkEncoding(file);
}

/** 422 that names the first line that is not UTF-8. To guess another encoding would spoil names silently. */
export function checkEncoding(file: Buffer, firstLine = 1): void {
  if (isUtf8(file)) return;
  if (firstLine === 1 && /^(?:fffe|feff)/.test(file.toString('hex', 0, 2))) throw notUtf8('it is UTF-16');
  for (let line = firstLine, from = 0; from < file.length; line++) {
    const feed = file.indexOf(0x0a, from);
    const end = feed < 0 ? file.length : feed + 1;
    if (!isUtf8(file.subarray(from, end))) throw notUtf8(`line ${line} has other bytes`);
    from = end;
  }
}

const notUtf8 = (why: string): SendoffError =>
  invalid(`The CSV is not UTF-8: ${why}. Save it as UTF-8 (in Excel: "CSV UTF-8").`, 'validation_error');

/** The number of rows after the header; 422 if they are too many. */
export function countRows(file: Buffer, { next, delimiter }: CsvHeader): number {
  let rows = 0;
  for (const _ of csvRows(file, next, delimiter)) rows++;
  if (rows > importLimits.rows)
    throw invalid(`The CSV has ${rows} rows; a request takes ${importLimits.rows}. ${IN_PIECES}`, 'validation_error');
  return rows;
}
