import { membersAfter } from '../../audience/membership.ts';
import { segmentKey } from '../../audience/segment.ts';
import type { Table } from '../../ports/table.ts';
import type { Run } from '../../task/task.ts';
import type { Broadcast } from '../broadcast.ts';
import { type Chunk, chunkKey, insertChunk } from './chunk.ts';

/** The chunks of a step of the fan-out. */
export interface Taken {
  readonly numbers: readonly number[];
  readonly recipients: number;
  /** The place in the segment after them. */
  readonly cursor?: string | undefined;
  /** True when no chunk follows. */
  readonly ended: boolean;
  /** Why the broadcast ends early. */
  readonly reason?: string;
  /** The wait before the next step, ms; absent: none. */
  readonly waitMs?: number;
}

export interface TakeLimits {
  readonly chunks: number;
  /** Recipients of a chunk. */
  readonly size: number;
}

export interface TakeDependencies {
  readonly table: Table;
  readonly retentionMs: number;
}

/** Index queries may lag: so long after a contact was added to a segment, every query answers it. */
const INDEX_LAG_MS = 1_500;

/** Makes the next chunks of a segment, or finds those of a list. */
export function take(
  broadcast: Broadcast,
  limits: TakeLimits,
  run: Run,
  dependencies: TakeDependencies,
): Promise<Taken> {
  return broadcast.listed
    ? takeListed(broadcast, limits, dependencies)
    : takeMembers(broadcast, limits, run, dependencies);
}

/**
 * Makes chunks of those who were members of the segment when the broadcast began and still are. Who is added later does not get it;
 * otherwise who is removed and added again would get it twice.
 */
async function takeMembers(
  { id, segmentId = '', cursor: from, nextChunk, startedAtMs, createdAtMs }: Broadcast,
  { chunks, size }: TakeLimits,
  { now }: Run,
  { table, retentionMs }: TakeDependencies,
): Promise<Taken> {
  if (!(await table.get(segmentKey(segmentId))))
    return { numbers: [], recipients: 0, cursor: from, ended: true, reason: 'The segment was deleted' };
  const beganAtMs = startedAtMs ?? createdAtMs;
  const settledAtMs = beganAtMs + INDEX_LAG_MS;
  const settled = now() >= settledAtMs;
  const beforeMs = settled ? beganAtMs + 1 : beganAtMs - INDEX_LAG_MS;
  const numbers: number[] = [];
  let [cursor, recipients, ended] = [from, 0, false];
  while (numbers.length < chunks && !ended) {
    const members = await membersAfter(table, segmentId, cursor, size, beforeMs);
    // The last ones are found again, with what an index may not have shown yet.
    if (members.ended && !settled) return { numbers, recipients, cursor, ended, waitMs: settledAtMs - now() };
    if (members.contactIds.length === 0) return { numbers, recipients, cursor, ended: true };
    const n = nextChunk + numbers.length;
    const through = members.cursor ?? '';
    const made = { broadcastId: id, n, recipients: members.contactIds, through };
    const { applied, document } = await insertChunk(table, made, now() + retentionMs);
    // A step that did not come to its end may have taken other members: they count, and the next chunk follows them.
    const chunk: Pick<Chunk, 'recipients' | 'through'> = applied || !document ? made : document;
    numbers.push(n);
    recipients += chunk.recipients.length;
    cursor = chunk.through ?? through;
    ended = members.ended && cursor === members.cursor;
  }
  return { numbers, recipients, cursor, ended };
}

/** The chunks of a list were written with it. */
async function takeListed(
  { id, nextChunk, chunkCount = 0 }: Broadcast,
  { chunks }: TakeLimits,
  { table }: TakeDependencies,
): Promise<Taken> {
  const end = Math.min(chunkCount, nextChunk + chunks);
  const numbers = Array.from({ length: end - nextChunk }, (_, index) => nextChunk + index);
  const found = await table.getMany<Chunk>(numbers.map((n) => chunkKey(id, n)));
  const recipients = found.reduce((sum, chunk) => sum + (chunk?.recipients.length ?? 0), 0);
  return { numbers, recipients, ended: end >= chunkCount };
}
