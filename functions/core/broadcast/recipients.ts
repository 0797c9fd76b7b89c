/**
 * A list of recipients of a broadcast's own. It comes in pieces, one after another, each at its offset: the number of recipients before it.
 * A piece that was interrupted, or whose answer was lost, is sent again at the same offset.
 */
import { normalizeAddress, parseMailbox } from '../email/address.ts';
import { limits } from '../email/schema.ts';
import { invalid, SendoffError } from '../errors.ts';
import { sha256 } from '../ids.ts';
import { slices } from '../slices.ts';
import { isStorable } from '../validate.ts';
import { type Broadcast, broadcastKey } from './broadcast.ts';
import {
  CHUNK_BYTES,
  CHUNK_RECIPIENTS,
  insertChunk,
  type ListedRecipient,
  type RecipientValue,
} from './delivery/chunk.ts';
import { type BroadcastStoreDependencies, broadcastLimits, findBroadcast, notDraft } from './store.ts';

export const recipientLimits = {
  /** The most recipients of one piece; its size is limited by that of a request. */
  piece: 100_000,
  variables: 200,
  keyLength: 50,
  valueLength: 2_000,
  /** The variables of one recipient as JSON. */
  variablesBytes: 100_000,
} as const;

/** A piece of a list. */
export interface Piece {
  readonly offset: number;
  readonly recipients: readonly ListedRecipient[];
}

/** The part of its list that a broadcast has. */
export interface ListState {
  /** The offset of the next piece. */
  readonly offset: number;
  /** Recipients so far, each address of a piece once. */
  readonly total: number;
}

/** Chunks that are written at once. */
const WRITES = 25;
const DAY_MS = 86_400_000;

/** Reads `recipients` of a request: plain code, as a schema would be slow for 50,000. Throws a 422 that names the first wrong field. */
export function parseRecipients(given: unknown): ListedRecipient[] {
  if (!Array.isArray(given)) throw invalid('Invalid `recipients` field: it must be an array.');
  if (given.length === 0) throw invalid('Invalid `recipients` field: it must have at least 1 entry.');
  if (given.length > recipientLimits.piece)
    throw invalid(`Invalid \`recipients\` field: it must have at most ${recipientLimits.piece} entries.`);
  return given.map((entry, index) => parseRecipient(entry, `recipients.${index}`));
}

function parseRecipient(given: unknown, field: string): ListedRecipient {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(`Invalid \`${field}\` field: it must be an object with \`email\`.`);
  const { email, variables, ...others } = given as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`Unknown field \`${field}.${unknown.slice(0, 100)}\`.`);
  if (email == null) throw invalid(`Missing \`${field}.email\` field.`, 'missing_required_field');
  if (typeof email !== 'string') throw invalid(`Invalid \`${field}.email\` field: it must be of type string.`);
  const { address } = parseMailbox(email, `${field}.email`);
  const values = parseVariables(variables ?? {}, `${field}.variables`);
  return { email: address, ...(Object.keys(values).length > 0 ? { variables: values } : {}) };
}

function parseVariables(given: unknown, field: string): Record<string, RecipientValue> {
  // PHP writes an empty map as `[]`.
  if (Array.isArray(given) && given.length === 0) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(`Invalid \`${field}\` field: it must be an object.`);
  const entries = Object.entries(given).filter(([, value]) => value !== null);
  if (entries.length > recipientLimits.variables)
    throw invalid(`Invalid \`${field}\` field: it must have at most ${recipientLimits.variables} entries.`);
  const values = Object.fromEntries(entries.map(([key, value]) => [key, parseValue(key, value, field)]));
  if (entries.length > 0 && Buffer.byteLength(JSON.stringify(values)) > recipientLimits.variablesBytes)
    throw invalid(`Invalid \`${field}\` field: it must have at most ${recipientLimits.variablesBytes} bytes.`);
  return values;
}

function parseValue(key: string, value: unknown, field: string): RecipientValue {
  const named = `${field}.${key.slice(0, recipientLimits.keyLength)}`;
  if (!/^[A-Za-z0-9_]+$/.test(key) || key.length > recipientLimits.keyLength || key === '__proto__')
    throw invalid(
      `Invalid \`${named}\` field: a key has at most ${recipientLimits.keyLength} ASCII letters, digits or underscores.`,
    );
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && isStorable(value)) return value;
  if (typeof value === 'number')
    throw invalid(
      `Invalid \`${named}\` field: a number must be between -(2^53 - 1) and 2^53 - 1, and 0 or not nearer to it than 1e-130.`,
    );
  if (typeof value !== 'string')
    throw invalid(`Invalid \`${named}\` field: it must be of type string, number or boolean.`);
  if (value.length > recipientLimits.valueLength)
    throw invalid(`Invalid \`${named}\` field: it must have at most ${recipientLimits.valueLength} characters.`);
  return value.toWellFormed();
}

/**
 * Adds a piece to the list of a draft. Of an address that is in the piece more than once, the first is taken.
 *
 * The chunks are written first and count when the broadcast's `chunkCount` includes them. The document of the piece keeps its hash, so
 * that no other content can come at its offset: all writes of a repeated piece are the same.
 *
 * @throws 403 if the broadcast is no draft; 409 for other content at an offset; 422 for a broadcast to a segment, or a wrong offset.
 */
export async function addRecipients(
  id: string,
  { offset, recipients }: Piece,
  { backend: { table } }: BroadcastStoreDependencies,
): Promise<ListState> {
  const broadcast = await findBroadcast(table, id);
  const { listed, status, listLength = 0, chunkCount: firstChunk = 0, total = 0, createdAtMs } = broadcast;
  if (!listed) throw invalid('This broadcast is for a segment; it takes no `recipients`.', 'validation_error');
  if (offset > listLength)
    throw invalid(`Invalid \`offset\` field: the next piece begins at ${listLength}.`, 'validation_error');
  const expiresAtMs = createdAtMs + (broadcastLimits.listedDraftDays + 2 * limits.scheduleDays) * DAY_MS;
  const hash = sha256(JSON.stringify(recipients));
  const repeated = offset < listLength;
  const stored = repeated
    ? await table.get<PieceDocument>(pieceKey(id, offset))
    : status === 'draft'
      ? (await table.insert<PieceDocument>({ key: pieceKey(id, offset), fields: { hash }, expiresAtMs })).document
      : undefined;
  if (stored && stored.hash !== hash) throw otherContent(offset);
  if (repeated && !stored) throw otherContent(offset);
  if (repeated) return { offset: listLength, total };
  if (status !== 'draft') throw notDraft('given recipients');

  const distinct = withoutRepeats(recipients);
  const chunks = cut(distinct).map((some, index) => ({ broadcastId: id, n: firstChunk + index, recipients: some }));
  for (const some of slices(chunks, WRITES))
    await Promise.all(some.map((chunk) => insertChunk(table, chunk, expiresAtMs)));
  const state = { offset: offset + recipients.length, total: total + distinct.length };
  const { applied, document } = await table.update<Broadcast>(
    broadcastKey(id),
    {
      set: {
        chunkCount: firstChunk + chunks.length,
        listLength: state.offset,
        total: state.total,
        ...(offset > 0 ? { mayRepeat: true } : {}),
      },
    },
    [{ status: 'draft', listLength: offset }],
  );
  if (applied) return state;
  // The same piece was added by another request meanwhile.
  if (document?.status === 'draft' && (document.listLength ?? 0) >= state.offset)
    return { offset: document.listLength ?? 0, total: document.total ?? 0 };
  throw notDraft('given recipients');
}

/** The document of a piece: what came at its offset. */
type PieceDocument = { readonly hash: string };
const pieceKey = (id: string, offset: number): string => `broadcast-piece#${id}#${offset}`;

const otherContent = (offset: number): SendoffError =>
  new SendoffError(
    'validation_error',
    409,
    `Other recipients were given at offset ${offset}. Delete the draft to give another list.`,
  );

function withoutRepeats(recipients: readonly ListedRecipient[]): ListedRecipient[] {
  const seen = new Set<string>();
  return recipients.filter(({ email }) => {
    const address = normalizeAddress(email);
    if (seen.has(address)) return false;
    seen.add(address);
    return true;
  });
}

/** Cuts a list into chunks of at most `CHUNK_RECIPIENTS` recipients and `CHUNK_BYTES`. */
function cut(recipients: readonly ListedRecipient[]): ListedRecipient[][] {
  const chunks: ListedRecipient[][] = [];
  let bytes = 0;
  for (const recipient of recipients) {
    const size = Buffer.byteLength(JSON.stringify(recipient));
    const last = chunks.at(-1);
    if (last && last.length < CHUNK_RECIPIENTS && bytes + size <= CHUNK_BYTES) {
      last.push(recipient);
      bytes += size;
    } else {
      chunks.push([recipient]);
      bytes = size;
    }
  }
  return chunks;
}
