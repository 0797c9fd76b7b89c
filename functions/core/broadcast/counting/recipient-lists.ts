import { type Contact, contactId, contactKey } from '../../audience/contact.ts';
import { normalizeAddress } from '../../email/address.ts';
import { type EmailRecord, recordKey } from '../../email/record.ts';
import type { Table } from '../../ports/table.ts';
import type { Broadcast } from '../broadcast.ts';
import { type Chunk, type ChunkRecipient, chunkKey } from '../delivery/chunk.ts';
import { emailIdOf, isOfChunk, skippedOf } from '../delivery/recipient.ts';
import { linkUrls } from './links.ts';
import { type Counter, readCounts } from './progress.ts';
import { tallyOf } from './tally.ts';

export const recipientTypes = [
  'sent',
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'unsubscribed',
  'suppressed',
] as const satisfies readonly Counter[];
export type RecipientType = (typeof recipientTypes)[number];
export const bounceTypes = ['permanent', 'transient', 'undetermined'] as const;
export type BounceType = (typeof bounceTypes)[number];

/** The filter of a list of a broadcast's recipients. */
export interface RecipientFilter {
  readonly type: RecipientType;
  readonly email?: string | undefined;
  /** Only with `bounced`. */
  readonly bounceType?: BounceType | undefined;
}

/** The place of a recipient in a broadcast: the chunk, and the position in it. Both are counted from 0. */
export interface Position {
  readonly n: number;
  readonly index: number;
}

/** A recipient in a list. */
export interface ListedRow {
  readonly position: Position;
  readonly contactId?: string | undefined;
  readonly email: string;
  /** Opens or clicks, with `opened` and `clicked`. */
  readonly count?: number;
  readonly clickedLinks?: readonly { readonly url: string; readonly clicks: number }[];
  readonly bounceType?: BounceType;
}

export interface RowRequest {
  /** 1 to 100. */
  readonly limit: number;
  /** Only what comes after, or before, this recipient. */
  readonly after?: Position | undefined;
  readonly before?: Position | undefined;
}

export interface RowPage {
  readonly rows: readonly ListedRow[];
  readonly hasMore: boolean;
  /** The cursor of the next page, if there may be one: the last recipient that was examined. */
  readonly next?: Position;
}

/** A page reads at most so many chunks: with those of 50 recipients, 5,000 records. */
export const CHUNKS_OF_PAGE = 100;
const CHUNKS_AT_ONCE = 5;

/**
 * Lists recipients in the order in which they are sent to. A page of a rare type may end early, even without rows: it reads at most
 * `CHUNKS_OF_PAGE` chunks and their records.
 */
export async function listRecipients(
  table: Table,
  broadcast: Broadcast,
  filter: RecipientFilter,
  { limit, after, before }: RowRequest,
): Promise<RowPage> {
  const { [filter.type]: count } = await readCounts(table, broadcast.id);
  // Without this, a page of a type that never happened would read as many records as any.
  if (count === 0) return { rows: [], hasMore: false };
  const backwards = after === undefined && before !== undefined;
  const from = after ?? before;
  const rows: ListedRow[] = [];
  const order = chunkOrder(broadcast.nextChunk, from, backwards);
  const chunks = order.slice(0, CHUNKS_OF_PAGE);
  const inRange = ({ position: { n, index } }: ListedRow) =>
    !from || n !== from.n || (backwards ? index < from.index : index > from.index);
  let examined = 0;
  while (examined < chunks.length && rows.length <= limit) {
    const some = chunks.slice(examined, examined + (examined === 0 ? 1 : CHUNKS_AT_ONCE));
    for (const found of await rowsOfChunks(table, broadcast, some, filter)) {
      const wanted = found.filter(inRange);
      rows.push(...(backwards ? wanted.reverse() : wanted));
    }
    examined += some.length;
  }
  const page = rows.slice(0, limit);
  const last = chunks[examined - 1];
  const hasMore = rows.length > limit || examined < order.length;
  const edge = { n: last ?? 0, index: backwards ? 0 : Number.MAX_SAFE_INTEGER };
  const next = rows.length > limit ? page.at(-1)?.position : edge;
  if (backwards) page.reverse();
  return { rows: page, hasMore, ...(hasMore && next ? { next } : {}) };
}

/** The numbers of the chunks in the order in which they are read. */
function chunkOrder(nextChunk: number, from: Position | undefined, backwards: boolean): number[] {
  const first = backwards ? 0 : Math.min(from?.n ?? 0, nextChunk);
  const end = backwards ? Math.min((from?.n ?? 0) + 1, nextChunk) : nextChunk;
  const numbers = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  return backwards ? numbers.reverse() : numbers;
}

/** The rows of some chunks, in the order of the chunks. */
async function rowsOfChunks(
  table: Table,
  { id }: Broadcast,
  numbers: readonly number[],
  filter: RecipientFilter,
): Promise<ListedRow[][]> {
  const chunks = await table.getMany<Chunk>(
    numbers.map((n) => chunkKey(id, n)),
    { mayLag: true },
  );
  return Promise.all(chunks.map((chunk) => (chunk ? rowsOfChunk(table, chunk, filter) : [])));
}

async function rowsOfChunk(table: Table, chunk: Chunk, filter: RecipientFilter): Promise<ListedRow[]> {
  const { broadcastId, n, recipients } = chunk;
  const suppressed = new Set(filter.type === 'suppressed' ? chunk.result?.skipped.suppressed : []);
  const skipped = skippedOf(chunk);
  const wanted = recipients
    .map((recipient, index) => ({ recipient, position: { n, index } }))
    .filter(
      ({ recipient, position: { index } }) => (suppressed.has(index) || !skipped.has(index)) && isOf(recipient, filter),
    );
  // One document of each: the record of the email, or for a recipient without one the contact.
  const keys = wanted.map(({ recipient, position: { index } }) =>
    suppressed.has(index) && typeof recipient === 'string'
      ? contactKey(recipient)
      : recordKey(emailIdOf(broadcastId, recipient)),
  );
  const documents = await table.getMany(keys, { mayLag: true });
  const urls = filter.type === 'clicked' ? await longLinks(table, broadcastId, documents as EmailRecord[]) : noLinks;
  const rows = wanted.map(({ recipient, position }, place) => {
    if (suppressed.has(position.index))
      return suppressedRow(recipient, position, documents[place] as Contact | undefined);
    const record = documents[place] as EmailRecord | undefined;
    return record && isOfChunk(record, n) ? rowOf(record, position, filter, urls) : undefined;
  });
  return rows.filter((row) => row !== undefined);
}

/** True if the recipient has the address that is asked for. */
function isOf(recipient: ChunkRecipient, { email }: RecipientFilter): boolean {
  if (email === undefined) return true;
  return typeof recipient === 'string'
    ? recipient === contactId(email)
    : normalizeAddress(recipient.email) === normalizeAddress(email);
}

/** Absent for a contact that was deleted since. */
function suppressedRow(
  recipient: ChunkRecipient,
  position: Position,
  contact: Contact | undefined,
): ListedRow | undefined {
  if (typeof recipient !== 'string') return { position, email: recipient.email };
  return contact && { position, contactId: recipient, email: contact.email };
}

function rowOf(
  record: EmailRecord,
  position: Position,
  { type, bounceType }: RecipientFilter,
  urls: ReadonlyMap<string, string>,
): ListedRow | undefined {
  const { counts, links } = tallyOf(record);
  if (!counts[type]) return undefined;
  const bounces = bounceTypes.filter((kind) => counts[bounceCounter[kind]]);
  if (bounceType !== undefined && !bounces.includes(bounceType)) return undefined;
  const [gravest] = bounces;
  return {
    position,
    contactId: record.contactId,
    email: record.to[0] ?? '',
    ...(type === 'opened' ? { count: counts.openedTotal ?? 0 } : {}),
    ...(type === 'clicked'
      ? {
          count: counts.clickedTotal ?? 0,
          clickedLinks: [...links].map(([hash, { url, clicks }]) => ({ url: urls.get(hash) ?? url, clicks })),
        }
      : {}),
    ...(type === 'bounced' && gravest ? { bounceType: bounceType ?? gravest } : {}),
  };
}

const bounceCounter = {
  permanent: 'bouncedPermanent',
  transient: 'bouncedTransient',
  undetermined: 'bouncedUndetermined',
} as const satisfies Record<BounceType, Counter>;

const noLinks: ReadonlyMap<string, string> = new Map();

/** The clicked links of which the timelines have only the beginning, by their hashes. */
async function longLinks(table: Table, broadcastId: string, records: readonly (EmailRecord | undefined)[]) {
  const hashes = records.flatMap((record) => record?.timeline.flatMap(({ link }) => link ?? []) ?? []);
  return hashes.length === 0 ? noLinks : linkUrls(table, broadcastId, [...new Set(hashes)]);
}
