import type { Table } from '../../ports/table.ts';
import type { Run } from '../../task/task.ts';
import type { Broadcast } from '../broadcast.ts';
import { type Chunk, chunkKey } from '../delivery/chunk.ts';
import { addCounts, type CountDocument, type Counts, countKey } from './progress.ts';

/** The outcomes of a chunk's recipients: `recipientsDone` is their sum. */
const outcomes = ['sent', 'failed', 'suppressed', 'skipped'] as const;
type Outcome = (typeof outcomes)[number];
type Settled = { readonly [Name in Outcome]: number };

/** The counter of what chunks alone have added: feedback moves recipients between the counters that people see. */
const settledField = (name: Outcome): string => `${name}ByChunks`;

const withOwnFields = (counts: Counts): Record<string, number> => ({
  ...counts,
  ...Object.fromEntries(outcomes.map((name) => [settledField(name), counts[name] ?? 0])),
});

/** Adds what a run of a chunk has settled, unless `completeSettled` has counted all chunks meanwhile. One write. */
export function addSettled(
  table: Pick<Table, 'insert' | 'update'>,
  broadcastId: string,
  counts: Counts,
  expiresAtMs: number,
): Promise<void> {
  return addCounts(table, broadcastId, withOwnFields(counts), {
    expiresAtMs,
    anyOf: [{ settledClosed: { exists: false } }],
  });
}

/** Chunks that are read with one request. */
const PAGE = 100;
/** The time that the end of the broadcast needs after it. */
const LAST_MS = 20_000;

/**
 * Counts the chunks of a broadcast again when all are done, and adds to the counters what a crash between the end of a chunk and its
 * addition left out. An addition that was made twice, because its answer was lost, is subtracted. Answers whether it could: not if a
 * chunk is not done or gone, if the time does not suffice, or if workers of an older version have counted; then a recount corrects it.
 *
 * From `settledClosed` on no run adds anything, so that the sum does not contain what a slow worker adds later. Repeated, it adds
 * nothing.
 */
export async function completeSettled(
  table: Table,
  { id, nextChunk }: Pick<Broadcast, 'id' | 'nextChunk'>,
  { now, stopsAtMs, log }: Pick<Run, 'now' | 'stopsAtMs' | 'log'>,
  retentionMs: number,
): Promise<boolean> {
  const whole = await settledIn(table, id, nextChunk, () => now() > stopsAtMs - LAST_MS);
  if (!whole) return false;
  const key = countKey(id);
  const close = () => table.update<CountDocument>(key, { set: { settledClosed: true } });
  let { document } = await close();
  if (!document) {
    await table.insert({ key, fields: { revision: 0 }, expiresAtMs: now() + retentionMs });
    ({ document } = await close());
  }
  if (!document) return false;
  const counted = (field: string) => Number(document[field] ?? 0);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  if (sum(outcomes.map((name) => counted(settledField(name)))) !== counted('recipientsDone')) return false;
  const missing = Object.fromEntries(outcomes.map((name) => [name, whole[name] - counted(settledField(name))]));
  const recipientsDone = sum(outcomes.map((name) => whole[name])) - counted('recipientsDone');
  const counts = { ...missing, recipientsDone, chunksDone: nextChunk - counted('chunksDone') };
  // Two jobs of the same step may do this at the same time, and the client repeats it if the answer is lost.
  const unchanged = Object.fromEntries(
    ['recipientsDone', ...outcomes.map(settledField)].map((field) => [
      field,
      document[field] === undefined ? { exists: false } : counted(field),
    ]),
  );
  await addCounts(table, id, withOwnFields(counts), { anyOf: [unchanged] });
  log.info('recipients of a broadcast counted from its chunks', { broadcastId: id, recipients: recipientsDone });
  return true;
}

/** The sum of the first chunks' results; undefined if one is not done or gone, or if it takes too long. */
async function settledIn(
  table: Table,
  broadcastId: string,
  chunks: number,
  isLate: () => boolean,
): Promise<Settled | undefined> {
  const sum = { sent: 0, failed: 0, suppressed: 0, skipped: 0 };
  for (let first = 0; first < chunks; first += PAGE) {
    if (isLate()) return undefined;
    const numbers = Array.from({ length: Math.min(PAGE, chunks - first) }, (_, index) => first + index);
    for (const chunk of await table.getMany<Chunk>(numbers.map((n) => chunkKey(broadcastId, n)))) {
      if (chunk?.doneAtMs === undefined || !chunk.result) return undefined;
      const { sent, failed, skipped } = chunk.result;
      const { suppressed = [], unsubscribed = [], deleted = [], repeated = [] } = skipped;
      sum.sent += sent;
      sum.failed += failed;
      sum.suppressed += suppressed.length;
      sum.skipped += unsubscribed.length + deleted.length + repeated.length;
    }
  }
  return sum;
}
