import { isUtf8 } from 'node:buffer';
import { csvRows, readHeader, withoutApostrophe } from '../../../../functions/core/audience/import/csv.ts';
import { recipientLimits } from '../../../../functions/core/broadcast/recipients.ts';
import { normalizeAddress, parseMailbox } from '../../../../functions/core/email/address.ts';
import { usageError } from '../../errors.ts';
import { readFile } from '../../read-file.ts';

export interface FileRecipient {
  readonly email: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** A line of a file that is no recipient, and why; never the address. */
export interface WrongLine {
  readonly line: number;
  readonly why: string;
}

export interface RecipientFile {
  /** Each address once. */
  readonly recipients: readonly FileRecipient[];
  readonly wrong: readonly WrongLine[];
  /** Lines whose address is on an earlier line. */
  readonly repeated: number;
}

/**
 * Reads a CSV file of recipients: the column `email`, and a variable for each other column that has a value, named like the column with
 * `_` for what no key may have.
 */
export function readRecipients(file: string): RecipientFile {
  const bytes = readFile(file);
  if (!isUtf8(bytes)) throw usageError(`${file} is not UTF-8: save it as "CSV UTF-8".`);
  const { delimiter, columns, next } = readHeader(bytes);
  const emailAt = columns.findIndex((column) => column.toLowerCase() === 'email');
  if (emailAt < 0) throw usageError(`${file} has no column \`email\` in its first line.`);
  const keys = columns.map((column) => column.replace(/[^A-Za-z0-9_]+/g, '_').slice(0, recipientLimits.keyLength));
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw usageError(`${file} has two columns that would be called \`${twice}\`.`);
  const seen = new Set<string>();
  const [recipients, wrong]: [FileRecipient[], WrongLine[]] = [[], []];
  let repeated = 0;
  for (const { line, cells, wrong: unreadable } of csvRows(bytes, next, delimiter)) {
    const why = unreadable ?? whyWrong(cells, emailAt);
    if (why !== undefined) {
      wrong.push({ line, why });
      continue;
    }
    const { address } = parseMailbox((cells[emailAt] ?? '').trim(), 'email');
    const normal = normalizeAddress(address);
    if (seen.has(normal)) {
      repeated++;
      continue;
    }
    seen.add(normal);
    const values = keys.flatMap((key, index) => {
      const value = withoutApostrophe(cells[index] ?? '').trim();
      return index === emailAt || key === '' || value === '' ? [] : [[key, value] as const];
    });
    recipients.push({ email: address, variables: Object.fromEntries(values) });
  }
  return { recipients, wrong, repeated };
}

function whyWrong(cells: readonly string[], emailAt: number): string | undefined {
  const email = (cells[emailAt] ?? '').trim();
  if (email === '') return 'It has no address.';
  if (cells.some((cell) => cell.length > recipientLimits.valueLength))
    return `A value has more than ${recipientLimits.valueLength} characters.`;
  try {
    parseMailbox(email, 'email');
    return undefined;
  } catch (error) {
    // The message says why in its last sentence, without the address.
    return error instanceof Error ? error.message.split('format. ').at(-1) : String(error);
  }
}

/** The most of one request: the API takes 6 MB. */
const PIECE_RECIPIENTS = 10_000;
const PIECE_BYTES = 3_500_000;

/** The list in pieces; the same list always has the same pieces. */
export function* piecesOf(recipients: readonly FileRecipient[]): Generator<{
  offset: number;
  recipients: readonly FileRecipient[];
}> {
  let [offset, bytes] = [0, 0];
  for (const [index, recipient] of recipients.entries()) {
    const size = Buffer.byteLength(JSON.stringify(recipient)) + 1;
    if (index > offset && (index - offset >= PIECE_RECIPIENTS || bytes + size > PIECE_BYTES)) {
      yield { offset, recipients: recipients.slice(offset, index) };
      [offset, bytes] = [index, 0];
    }
    bytes += size;
  }
  if (recipients.length > offset) yield { offset, recipients: recipients.slice(offset) };
}
