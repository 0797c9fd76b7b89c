import * as z from 'zod/mini';
import { type EmailRecord, recordKey } from '../../email/record.ts';
import type { Broker } from '../../ports/broker.ts';
import type { Change, Table } from '../../ports/table.ts';
import { emailRetry } from '../../task/retry.ts';
import { type Run, task } from '../../task/task.ts';
import { type Broadcast, broadcastKey } from '../broadcast.ts';
import { type Chunk, chunkKey, STEP_CHUNKS } from '../delivery/chunk.ts';
import { emailIdOf, isOfChunk, skippedOf } from '../delivery/recipient.ts';
import { type LinkClicks, MAX_LINKS, replaceClicks } from './links.ts';
import { type CountDocument, type Counter, counterField, counters, countKey } from './progress.ts';
import { RECOUNT_AFTER_MS, RECOUNT_TASK } from './recount-job.ts';
import { addTallies, emptyTally, type Tally, tallyOf } from './tally.ts';

const HOUR_MS = 3_600_000;
/** Additions of a closed epoch arrive at most this late: no function runs longer. */
const SETTLE_MS = 15 * 60_000;
/** Chunks of one step (10,000 records), and of those how many are read at the same time. */
const CHUNKS_OF_STEP = 200;
const CHUNKS_AT_ONCE = 10;

export interface RecountDependencies {
  readonly table: Table;
  readonly broker: Broker;
  /** The time that records are kept, in ms. */
  readonly retentionMs: number;
}

const args = z.object({
  id: z.string(),
  /** The number of this recount: a position in `RECOUNT_AFTER_MS`. */
  round: z.number(),
  /** The next chunk; absent before the epoch is closed. */
  n: z.optional(z.number()),
  counts: z.optional(z.record(z.string(), z.number())),
  /** Hash, URL, clicks and recipients of each clicked link. */
  links: z.optional(z.array(z.tuple([z.string(), z.string(), z.number(), z.number()]))),
});
type Args = z.infer<typeof args>;

/**
 * Counts the events of a broadcast from its records, and replaces the counters. It heals what a crash between the write of a record
 * and the addition to the counters left out.
 *
 * Events arrive meanwhile, and are counted once: round r closes epoch r of the counters. What is written from then on has epoch r + 1,
 * in the records as in the counters. When all additions of epoch r have arrived, the records are read in steps, as of the end of that
 * epoch; their sum replaces the counters of the epochs up to r, and those of epoch r + 1 stay. A step that is repeated leads to
 * the same sum.
 */
export const recountBroadcast = task(
  RECOUNT_TASK,
  { args, queue: 'transactional', retry: emailRetry, logged: ({ id, round, n = 0 }) => ({ id, round, n }) },
  async (call, run, dependencies: RecountDependencies) => {
    const broadcast = await dependencies.table.get<Broadcast>(broadcastKey(call.id));
    if (!broadcast) return;
    if (call.n === undefined) await closeEpoch(call, broadcast, run, dependencies);
    else await countStep({ ...call, n: call.n }, broadcast, run, dependencies);
  },
);

const delayUntil = (atMs: number, now: () => number) => ({
  delaySeconds: Math.max(1, Math.ceil((atMs - now()) / 1000)),
  now,
});

async function closeEpoch(
  { id, round }: Args,
  { startedAtMs = 0 }: Broadcast,
  { now, log }: Run,
  { table, broker, retentionMs }: RecountDependencies,
): Promise<void> {
  // The first records must not expire before they are counted.
  if (startedAtMs + retentionMs < now() + HOUR_MS)
    return log.info('broadcast not counted again: its first records expire', { id, round });
  const next = round + 1;
  const key = countKey(id);
  const begun = await table.update<CountDocument>(key, { set: { epoch: next } }, [
    { epoch: { exists: false } },
    { epoch: { atMost: next } },
  ]);
  // Nothing was counted: nothing was sent, or every addition was lost.
  if (!begun.document) await table.insert({ key, fields: { epoch: next }, expiresAtMs: now() + retentionMs });
  else if (!begun.applied) return;
  await recountBroadcast.delay({ id, round, n: 0 }, broker, delayUntil(now() + SETTLE_MS, now));
}

async function countStep(
  { id, round, n, counts = {}, links = [] }: Args & { readonly n: number },
  broadcast: Broadcast,
  run: Run,
  dependencies: RecountDependencies,
): Promise<void> {
  const { table, broker } = dependencies;
  const { nextChunk, ended } = broadcast;
  // A step of the fan-out that was canceled had queued chunks that were not noted.
  const last = ended ? nextChunk : nextChunk + STEP_CHUNKS;
  const end = Math.min(n + CHUNKS_OF_STEP, last);
  const entries = links.map(([hash, url, clicks, uniqueClicks]) => [hash, { url, clicks, uniqueClicks }] as const);
  let sum: Tally | undefined = { counts, links: new Map(entries) };
  for (let first = n; first < end && sum; first += CHUNKS_AT_ONCE) {
    const range = { first, end: Math.min(first + CHUNKS_AT_ONCE, end), noted: nextChunk };
    const counted = await countChunks(table, id, range, round);
    sum = counted && addTallies(sum, counted);
  }
  if (!sum) return run.log.info('broadcast not counted again: its chunks have expired', { id, round, n });
  if (end < last) {
    await recountBroadcast.delay({ id, round, n: end, ...packed(sum) }, broker);
    return;
  }
  await replaceCounters(id, round, sum, run, dependencies);
  const nextAfterMs = RECOUNT_AFTER_MS[round + 1];
  if (nextAfterMs === undefined) return;
  const dueAtMs = (broadcast.sentAtMs ?? broadcast.updatedAtMs) + nextAfterMs;
  await recountBroadcast.delay({ id, round: round + 1 }, broker, delayUntil(dueAtMs, run.now));
}

const packed = ({ counts, links }: Tally): Pick<Args, 'counts' | 'links'> => ({
  counts: { ...counts },
  links: [...links]
    .slice(0, MAX_LINKS)
    .map(([hash, { url, clicks, uniqueClicks }]: [string, LinkClicks]) => [hash, url, clicks, uniqueClicks]),
});

/** The sum of some chunks; undefined if one with a number below `noted` is gone. */
async function countChunks(
  table: Table,
  id: string,
  { first, end, noted }: { readonly first: number; readonly end: number; readonly noted: number },
  lastEpoch: number,
): Promise<Tally | undefined> {
  const numbers = Array.from({ length: end - first }, (_, index) => first + index);
  const chunks = await table.getMany<Chunk>(
    numbers.map((n) => chunkKey(id, n)),
    { mayLag: true },
  );
  const tallies = await Promise.all(
    chunks.map((chunk, index) =>
      chunk ? countChunk(table, chunk, lastEpoch) : first + index < noted ? undefined : emptyTally,
    ),
  );
  return tallies.reduce<Tally | undefined>((sum, one) => sum && one && addTallies(sum, one), emptyTally);
}

async function countChunk(table: Table, chunk: Chunk, lastEpoch: number): Promise<Tally> {
  const { broadcastId, n, recipients, doneAtMs, result, left } = chunk;
  const done = doneAtMs !== undefined;
  const skipped = skippedOf(chunk);
  const { suppressed = [], unsubscribed = [], deleted = [], repeated = [] } = result?.skipped ?? {};
  const ids = recipients.filter((_, index) => !skipped.has(index)).map((one) => emailIdOf(broadcastId, one));
  // The writes of a closed epoch are older than any lag.
  const records = await table.getMany<EmailRecord>(ids.map(recordKey), { mayLag: true });
  // A record that is gone was deleted (`sendoff forget`): its email had been sent.
  const gone = done ? records.filter((record) => !record).length : 0;
  const ofChunk: Tally = {
    counts: {
      sent: gone,
      suppressed: suppressed.length,
      skipped: unsubscribed.length + deleted.length + repeated.length,
      chunksDone: done ? 1 : 0,
      // A chunk that was interrupted has a result, too.
      recipientsDone: result ? recipients.length - (left?.length ?? 0) : 0,
    },
    links: new Map(),
  };
  return records.reduce<Tally>(
    (sum, record) => (record && isOfChunk(record, n) ? addTallies(sum, tallyOf(record, lastEpoch)) : sum),
    ofChunk,
  );
}

/** Replaces the counters of the epochs up to this round's, unless a later round was faster. */
async function replaceCounters(
  id: string,
  round: number,
  { counts, links }: Tally,
  { now, log }: Run,
  { table, retentionMs }: RecountDependencies,
): Promise<void> {
  const key = countKey(id);
  const before = await table.get<CountDocument>(key);
  if (!before) return;
  const closed = (epoch: number) => (name: Counter) => counterField(name, epoch);
  const fields = Array.from({ length: round }, (_, index) => counters.map(closed(index + 1))).flat();
  const change: Change = {
    set: { ...Object.fromEntries(counters.map((name) => [name, counts[name] ?? 0])), recounted: round },
    remove: fields.filter((field) => before[field] !== undefined),
    add: { revision: 1 },
  };
  const { applied } = await table.update(key, change, [
    { recounted: { exists: false } },
    { recounted: { atMost: round } },
  ]);
  if (!applied) return;
  await replaceClicks(table, id, links, { lastEpoch: round, expiresAtMs: now() + retentionMs });
  const changed = counters.filter((name) => (counts[name] ?? 0) !== sumOf(before, name, round));
  if (changed.length > 0) log.info('counters of a broadcast corrected', { id, round, changed: changed.join() });
}

const sumOf = (document: CountDocument, name: Counter, lastEpoch: number): number =>
  Array.from({ length: lastEpoch + 1 }, (_, epoch) => Number(document[counterField(name, epoch)] ?? 0)).reduce(
    (sum, value) => sum + value,
  );
