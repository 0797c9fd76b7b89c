/**
 * A chunk: up to 50 recipients of a broadcast, and one job. One worker at a time has its claim, with a lease; what the worker finds
 * out about the recipients is written when all of them are done.
 *
 * The chunks of a segment are made by the fan-out, those of a list when the list is given.
 */
import type { Condition, NewDocument, Table, WriteOutcome } from '../../ports/table.ts';

/** A value of a list's recipient. */
export type RecipientValue = string | number | boolean;

/** A recipient of a list: an address, and values for placeholders. The id of its email is derived from `normalizeAddress(email)`. */
export type ListedRecipient = {
  readonly email: string;
  readonly variables?: { readonly [key: string]: RecipientValue };
};

/** A recipient of a chunk: the id of a contact, or for a list of its own the address and variables. */
export type ChunkRecipient = string | ListedRecipient;

/** The outcomes of a chunk's recipients. The lists have positions in `recipients`, counted from 0. */
export type ChunkResult = {
  readonly sent: number;
  readonly failed: number;
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
  /** The number of times that it was claimed. */
  readonly claims?: number;
  /** `claims` at the last release. If another claim followed, its worker crashed: some recipients may have their email already. */
  readonly released?: number;
  readonly claimedBy?: string;
  readonly leaseUntilMs?: number;
  /** The positions of the recipients that a released chunk still has to send to; absent: all. */
  readonly left?: readonly number[];
  readonly doneAtMs?: number;
  /** While the chunk is not done, the result is that of the recipients who are not left. */
  readonly result?: ChunkResult;
};

/** The most recipients of a chunk. */
export const CHUNK_RECIPIENTS = 50;
/** The most chunks that a step of the fan-out queues. */
export const STEP_CHUNKS = 20;
/** The most bytes of a chunk's recipients as JSON: a DynamoDB item has at most 400 KB. */
export const CHUNK_BYTES = 300_000;

const padded = (n: number): string => String(n).padStart(8, '0');

export const chunkKey = (broadcastId: string, n: number): string => `broadcast-chunk#${broadcastId}#${padded(n)}`;

/** The partition of the chunks that are not done, in the `due` index, where nothing of them is due. The others have their numbers alone. */
const openChunksPartition = (broadcastId: string): string => `broadcast-open#${broadcastId}`;

/** The numbers of chunks below `end` that are not done, up to `limit`; chunks of the last moment may be missing. */
export async function openChunks(
  table: Pick<Table, 'query'>,
  broadcastId: string,
  { after = -1, end, limit }: { readonly after?: number; readonly end: number; readonly limit: number },
): Promise<number[]> {
  const range = { ...(after < 0 ? {} : { after: padded(after) }), before: padded(end) };
  const query = { index: 'due', partition: openChunksPartition(broadcastId), order: 'ascending', limit } as const;
  return (await table.query({ ...query, ...range })).map(({ sort }) => Number(sort));
}

/** A chunk as a document to insert. */
export const newChunk = (
  chunk: Pick<Chunk, 'broadcastId' | 'n' | 'recipients' | 'through'>,
  expiresAtMs: number,
): NewDocument => ({
  key: chunkKey(chunk.broadcastId, chunk.n),
  fields: chunk,
  due: { partition: openChunksPartition(chunk.broadcastId), sort: padded(chunk.n) },
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

/**
 * Claims a chunk for a run until `leaseUntilMs`; not applied if it is done, or claimed by a run whose lease has not ended `afterLeaseMs`
 * ago.
 */
export async function claimChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  run: {
    readonly runId: string;
    readonly nowMs: number;
    readonly leaseUntilMs: number;
    readonly afterLeaseMs?: number;
  },
): Promise<WriteOutcome<Chunk>> {
  const { runId, nowMs, leaseUntilMs, afterLeaseMs = 0 } = run;
  const { applied, document } = await table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set: { claimedBy: runId, leaseUntilMs }, add: { claims: 1 } },
    [
      { doneAtMs: { exists: false }, claimedBy: { exists: false } },
      { doneAtMs: { exists: false }, leaseUntilMs: { below: nowMs - afterLeaseMs } },
    ],
  );
  // The client repeats a request whose answer was lost; then the first one has claimed it.
  return { applied: applied || (document?.claimedBy === runId && document.doneAtMs === undefined), document };
}

/** True for a claimed chunk if a run had claimed it that did not say how far it came. */
export const followsCrash = ({ claims = 0, released = 0 }: Chunk): boolean => claims > released + 1;

/** The progress of a run. */
export interface ChunkProgress {
  readonly result: ChunkResult;
  readonly left: readonly number[];
}

const claimedBy = (runId: string): Condition[] => [{ claimedBy: runId, doneAtMs: { exists: false } }];

/** Gives the claim up, so that another run can claim the chunk at once and go on with those who are left. */
export function releaseChunk(
  table: Table,
  { broadcastId, n, claims = 0 }: Pick<Chunk, 'broadcastId' | 'n' | 'claims'>,
  runId: string,
  { result, left }: ChunkProgress,
): Promise<WriteOutcome<Chunk>> {
  const set = { released: claims, result, left };
  return table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set, remove: ['claimedBy', 'leaseUntilMs'] },
    claimedBy(runId),
  );
}

/**
 * Ends a run of which nobody knows yet whom it sent to: no other one claims the chunk before `untilMs` (epoch ms), and that one first
 * looks whether the emails of those who are left have records.
 */
export function suspendChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  runId: string,
  { result, left }: ChunkProgress,
  untilMs: number,
): Promise<WriteOutcome<Chunk>> {
  return table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set: { result, left, leaseUntilMs: untilMs, claimedBy: 'nobody' } },
    claimedBy(runId),
  );
}

/** Writes what became of the recipients; not applied when the run has lost the claim. */
export function finishChunk(
  table: Table,
  { broadcastId, n }: ChunkId,
  { runId, result, nowMs }: { runId: string; result: ChunkResult; nowMs: number },
): Promise<WriteOutcome<Chunk>> {
  return table.update<Chunk>(
    chunkKey(broadcastId, n),
    { set: { doneAtMs: nowMs, result }, remove: ['claimedBy', 'leaseUntilMs', 'left'], due: null },
    claimedBy(runId),
  );
}
