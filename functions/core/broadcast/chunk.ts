/**
 * A chunk: up to 50 recipients of a broadcast, and one job. One worker at a time has its claim, with a lease; what the worker finds
 * out about the recipients is written when all of them are done.
 *
 * The chunks of a segment are made by the fan-out, those of a list when the list is given.
 */
import type { Condition, IndexEntry, NewDocument, Table, WriteOutcome } from '../ports/table.ts';

/** A value of a list's recipient. */
export type RecipientValue = string | number | boolean;

/** A recipient of a list: an address in its normal form, and values for placeholders. */
export type ListedRecipient = {
  readonly email: string;
  readonly variables?: { readonly [key: string]: RecipientValue };
};

/** A recipient of a chunk: the id of a contact, or for a list of its own the address and variables. */
export type ChunkRecipient = string | ListedRecipient;

/** What became of a chunk's recipients. The lists are positions in `recipients`, counted from 0. */
export type ChunkResult = {
  readonly sent: number;
  readonly failed: number;
  /** Handed to an `email.send` job of their own, which tries again. */
  readonly retrying: number;
  readonly skipped: {
    readonly suppressed?: readonly number[];
    readonly unsubscribed?: readonly number[];
    /** The contact was deleted. */
    readonly deleted?: readonly number[];
    /** The address had its email already: it is in another chunk of the list. */
    readonly repeated?: readonly number[];
  };
};

/** A chunk as it is stored. Times are epoch ms. */
export type Chunk = {
  readonly broadcastId: string;
  /** Counted from 0. */
  readonly n: number;
  readonly recipients: readonly ChunkRecipient[];
  /** The cursor of the segment after this chunk. */
  readonly through?: string;
  /** How often it was claimed: if more than once, some recipients may have their email already. */
  readonly claims?: number;
  readonly claimedBy?: string;
  readonly leaseUntilMs?: number;
  readonly doneAtMs?: number;
  readonly result?: ChunkResult;
};

/** The most recipients of a chunk. */
export const CHUNK_RECIPIENTS = 50;
/** The most bytes of a chunk's recipients as JSON: a DynamoDB item has at most 400 KB. */
export const CHUNK_BYTES = 300_000;

const padded = (n: number): string => String(n).padStart(8, '0');

export const chunkKey = (broadcastId: string, n: number): string => `broadcast-chunk#${broadcastId}#${padded(n)}`;
export const chunkPartition = (broadcastId: string): string => `broadcast-chunk#${broadcastId}`;
/** The chunks of a broadcast are listed in order of their numbers. */
export const chunkListEntry = (broadcastId: string, n: number): IndexEntry => ({
  partition: chunkPartition(broadcastId),
  sort: padded(n),
});

/** A chunk as a document to insert. */
export const newChunk = (
  chunk: Pick<Chunk, 'broadcastId' | 'n' | 'recipients' | 'through'>,
  expiresAtMs: number,
): NewDocument => ({
  key: chunkKey(chunk.broadcastId, chunk.n),
  fields: chunk,
  list: chunkListEntry(chunk.broadcastId, chunk.n),
  expiresAtMs,
});

/** Inserts a chunk; if there is one with its number, that one is answered and stays as it is. */
export function insertChunk(
  table: Table,
  chunk: Pick<Chunk, 'broadcastId' | 'n' | 'recipients' | 'through'>,
  expiresAtMs: number,
): Promise<WriteOutcome<Chunk>> {
  return table.insert<Chunk>(newChunk(chunk, expiresAtMs));
}

export interface ChunkId {
  readonly broadcastId: string;
  readonly n: number;
}

/** Claims a chunk for a run until `leaseUntilMs`; not applied if it is done, or claimed by another run whose lease has not ended. */
export async function claimChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  { runId, nowMs, leaseUntilMs }: { runId: string; nowMs: number; leaseUntilMs: number },
): Promise<WriteOutcome<Chunk>> {
  const { applied, document } = await table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set: { claimedBy: runId, leaseUntilMs }, add: { claims: 1 } },
    [
      { doneAtMs: { exists: false }, claimedBy: { exists: false } },
      { doneAtMs: { exists: false }, leaseUntilMs: { below: nowMs } },
    ],
  );
  // The client repeats a request whose answer was lost; then the first one has claimed it.
  return { applied: applied || (document?.claimedBy === runId && document.doneAtMs === undefined), document };
}

const claimedBy = (runId: string): Condition[] => [{ claimedBy: runId, doneAtMs: { exists: false } }];

/** Extends the lease; not applied when the run has lost the claim. */
export function renewChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  runId: string,
  leaseUntilMs: number,
): Promise<WriteOutcome<Chunk>> {
  return table.update<Chunk>(chunkKey(broadcastId, n), { set: { leaseUntilMs } }, claimedBy(runId));
}

/** Gives the claim up, so that another run can claim the chunk at once. */
export function releaseChunk(table: Table, { broadcastId, n }: ChunkId, runId: string): Promise<WriteOutcome<Chunk>> {
  return table.update<Chunk>(chunkKey(broadcastId, n), { remove: ['claimedBy', 'leaseUntilMs'] }, claimedBy(runId));
}

/** Writes what became of the recipients; not applied when the run has lost the claim. */
export function finishChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  { runId, result, nowMs }: { runId: string; result: ChunkResult; nowMs: number },
): Promise<WriteOutcome<Chunk>> {
  return table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set: { doneAtMs: nowMs, result }, remove: ['claimedBy', 'leaseUntilMs'] },
    claimedBy(runId),
  );
}
