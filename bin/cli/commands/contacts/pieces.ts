import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { csvRows, MAX_ROW_BYTES, readHeader } from '../../../../functions/core/audience/import/csv.ts';
import { checkEncoding } from '../../../../functions/core/audience/import/file.ts';
import { importLimits } from '../../../../functions/core/audience/import/import.ts';
import { CliError, exitCodes, usageError } from '../../errors.ts';

/** A part of a CSV file that fits a request: whole rows. */
export interface Piece {
  /** In bytes, from the beginning of the file. */
  readonly offset: number;
  readonly end: number;
  /** The line of its first row. */
  readonly line: number;
}

/** A CSV file in pieces. The same file always has the same ones. */
export interface CutFile {
  /** SHA-256 of the file, in hex. */
  readonly hash: string;
  readonly sizeBytes: number;
  /** The header as it is in the file. */
  readonly header: Buffer;
  /** The line after the header. */
  readonly firstLine: number;
  readonly pieces: readonly Piece[];
  /** The bytes of a piece with the header before them. */
  read(piece: Piece): Promise<Buffer>;
  close(): Promise<void>;
}

/** The bytes of the file that are read at once: a piece, and one row beyond it. */
const WINDOW_BYTES = importLimits.fileBytes + MAX_ROW_BYTES;

/** Opens a file and finds its pieces, reading it once without keeping it. Refuses a file that is not UTF-8. */
export async function cutFile(path: string): Promise<CutFile> {
  const handle = await open(path).catch((cause: unknown) => {
    throw new CliError(`Cannot read ${path}.`, exitCodes.usage, { cause });
  });
  try {
    const { size: sizeBytes } = await handle.stat();
    const start = await readAt(handle, 0, WINDOW_BYTES);
    const { next, delimiter } = readHeader(start);
    if (next.offset >= importLimits.fileBytes / 2) throw usageError(`The first line of ${path} is no header.`);
    const header = start.subarray(0, next.offset);
    const budget = importLimits.fileBytes - header.length;
    const hash = createHash('sha256').update(header);
    const pieces: Piece[] = [];
    for (let { offset, line } = next; offset < sizeBytes; ) {
      const window = await readAt(handle, offset, WINDOW_BYTES);
      const cut = { offset: 0, line };
      let rows = 0;
      for (const row of csvRows(window, cut, delimiter)) {
        if (row.next.offset > budget || ++rows > importLimits.rows) break;
        Object.assign(cut, row.next);
      }
      // Empty lines at the end of the file are no rows.
      if (cut.offset === 0 && window.length < WINDOW_BYTES) break;
      if (cut.offset === 0) throw usageError(`Line ${line} of ${path} is too long for a row of CSV.`);
      const bytes = window.subarray(0, cut.offset);
      checkEncoding(bytes, line);
      hash.update(bytes);
      pieces.push({ offset, end: offset + cut.offset, line });
      ({ offset, line } = { offset: offset + cut.offset, line: cut.line });
    }
    return {
      hash: hash.digest('hex'),
      sizeBytes,
      header,
      firstLine: next.line,
      pieces,
      read: async ({ offset, end }) => Buffer.concat([header, await readAt(handle, offset, end - offset)]),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let read = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    read += bytesRead;
    if (bytesRead === 0 || read === length) return bytes.subarray(0, read);
  }
}
