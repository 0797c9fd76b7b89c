import type { Backend } from '../../ports/backend.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import type { Run } from '../../task/task.ts';
import { type Broadcast, broadcastDueEntry, broadcastKey, LOOK_AGAIN_MS, when } from '../broadcast.ts';
import { readCounts } from '../counting/progress.ts';
import { firstRecount } from '../counting/recount-job.ts';
import { completeSettled } from '../counting/settled.ts';
import { endBroadcast, startChange } from '../lifecycle.ts';
import { CHUNK_RECIPIENTS, openChunks, STEP_CHUNKS } from './chunk.ts';
import { deliverJob } from './deliver-job.ts';
import { type FanOutArgs, guardJob, nextStep } from './fan-out-job.ts';
import { hasSchedule } from './guard.ts';
import { type Taken, take } from './take-chunks.ts';

/** The part of the account's rate that broadcasts may use. */
export interface Pace {
  /** Recipients a second. */
  readonly ratePerSecond: number;
  /** True while nothing of the bulk queue is sent. */
  readonly held: boolean;
}

export interface FanOutDependencies {
  readonly backend: Backend;
  readonly pace: () => Promise<Pace>;
  readonly metrics: Metrics;
  /** The time that chunks and the broadcast are kept, in ms. */
  readonly retentionMs: number;
}

/** The recipients that wait on the queue at most, in seconds of the rate, and at least. */
const AHEAD_SECONDS = 120;
const LEAST_AHEAD = 100;
/** A chunk takes about so long at the full rate. */
const CHUNK_SECONDS = 15;
const LEAST_RECIPIENTS = 5;
/** The waits of a step that has nothing to do, in seconds. */
const LEAST_WAIT = 2;
const MOST_WAIT = 30;
const HELD_WAIT = 120;
/** Index queries may lag: so long after the last chunks were made, they are there. */
const LAST_LOOK_MS = 5_000;
/** Chunks that are not done are queued again when none was done for so long; then for twice as long, up to 16 times. */
const STALLED_MS = 15 * 60_000;
const MOST_DOUBLINGS = 4;
/** A waiting step moves the time at which the schedule looks at the broadcast when that is nearer than this. */
const MOVE_DUE_MS = 8 * 60_000;
/** Jobs to send at once. */
const PAGE = 100;
/** A worker whose clock runs this much behind still starts a scheduled broadcast on time. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * One step of the fan-out: makes the next chunks, queues their jobs, notes that, queues the next step. In this order a crash at any line
 * repeats the step, which finds the same chunks in place. Two jobs of one step do the same; one of them goes on.
 */
export async function fanOut(args: FanOutArgs, run: Run, dependencies: FanOutDependencies): Promise<void> {
  const { table } = dependencies.backend;
  const found = await table.get<Broadcast>(broadcastKey(args.id));
  const broadcast = found?.status === 'scheduled' ? await start(found, run, dependencies) : found;
  if (broadcast?.status !== 'queued') return;
  const { backend } = dependencies;
  // Without a schedule nobody else looks at the broadcast when this job is lost. First: what follows may be what crashes.
  if (args.step === 0 && !args.guarded && !hasSchedule(backend))
    await backend.broker.send([guardJob(broadcast.id, run.now() + LOOK_AGAIN_MS)]);
  if (args.requeue) await requeue(broadcast, run, dependencies);
  else if (args.step < broadcast.nextChunk) return;
  const pace = await dependencies.pace();
  const size = chunkSize(pace);
  const most = Math.ceil(Math.max(LEAST_AHEAD, pace.ratePerSecond * AHEAD_SECONDS) / size);
  const end = broadcast.nextChunk;
  const open = await openChunks(table, broadcast.id, { end, limit: most });
  if (!broadcast.ended && open.length < most) {
    const limits = { chunks: Math.min(STEP_CHUNKS, most - open.length), size };
    const { retentionMs } = dependencies;
    const taken = await take(broadcast, limits, run, { table, retentionMs });
    return advance(broadcast, taken, run, dependencies);
  }
  if (broadcast.ended && open.length === 0) return endWhenCounted(broadcast, args, run, dependencies);
  await waitForChunks({ broadcast, open, size, pace, args }, run, dependencies);
}

const chunkSize = ({ ratePerSecond }: Pace): number =>
  Math.min(CHUNK_RECIPIENTS, Math.max(LEAST_RECIPIENTS, Math.round(ratePerSecond * CHUNK_SECONDS)));

/** Starts a scheduled broadcast if it is time; undefined if it is not. */
async function start({ id }: Broadcast, { now }: Run, { backend }: FanOutDependencies): Promise<Broadcast | undefined> {
  const nowMs = now();
  const anyOf = when.start(nowMs + CLOCK_TOLERANCE_MS);
  const { applied, document } = await backend.table.update<Broadcast>(broadcastKey(id), startChange(id, nowMs), anyOf);
  return applied || document?.status === 'queued' ? document : undefined;
}

/** Queues the new chunks, then notes how far the fan-out is, and the next step. */
async function advance(
  { id, nextChunk, taken: before }: Broadcast,
  { numbers, recipients, cursor, ended, reason, waitMs }: Taken,
  { now }: Run,
  { backend: { broker, updateAndSend } }: FanOutDependencies,
): Promise<void> {
  if (numbers.length > 0) await broker.send(numbers.map((n) => deliverJob(id, n)));
  const nowMs = now();
  const taken = before + recipients;
  const set = {
    ...{ nextChunk: nextChunk + numbers.length, taken, ended, updatedAtMs: nowMs },
    ...(cursor === undefined ? {} : { cursor }),
    ...(ended ? { total: taken } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
  const dueAtMs = ended ? nowMs + LAST_LOOK_MS : waitMs === undefined ? undefined : nowMs + waitMs;
  const change = { set, due: broadcastDueEntry(nowMs + LOOK_AGAIN_MS, id) };
  const next = nextStep({ id, step: set.nextChunk }, dueAtMs);
  await updateAndSend(broadcastKey(id), change, when.advance(nextChunk), next);
}

/**
 * Ends the broadcast, whose chunks are all done, when their recipients are counted: the worker of the last chunk counts them in this
 * moment, or one that crashed has not.
 */
async function endWhenCounted(
  broadcast: Broadcast,
  args: FanOutArgs,
  run: Run,
  dependencies: FanOutDependencies,
): Promise<void> {
  const { id, nextChunk, taken } = broadcast;
  const { table, broker } = dependencies.backend;
  const { recipientsDone } = await readCounts(table, id);
  // More, if the client repeated an addition whose answer was lost.
  if (recipientsDone !== taken) {
    if (!args.counting)
      return broker.send([nextStep({ id, step: nextChunk, counting: true }, run.now() + LEAST_WAIT * 1_000)]);
    if (!(await completeSettled(table, broadcast, run, dependencies.retentionMs)))
      run.log.warn('not all recipients of a broadcast are counted: a recount will', { broadcastId: id });
  }
  await complete(broadcast, run, dependencies);
}

/** All its chunks are done, and counted. */
async function complete(
  { id, taken, reason }: Broadcast,
  { now, log }: Run,
  { backend, retentionMs }: FanOutDependencies,
): Promise<void> {
  const status = taken === 0 && reason !== undefined ? 'failed' : 'sent';
  // First: a repeated step queues it again, which does no harm.
  await backend.broker.send([firstRecount(id, now())]);
  if (await endBroadcast(id, { status, anyOf: when.complete }, { backend, now, retentionMs }))
    log.info('broadcast ended', { broadcastId: id, status, recipients: taken });
}

/** Queues the chunks again that were queued before and are not done. Those that are in work, or were lost with a crash, wait. */
async function requeue({ id, nextChunk }: Broadcast, { log }: Run, { backend: { table, broker } }: FanOutDependencies) {
  let jobs = 0;
  for (let after = -1; ; ) {
    const numbers = await openChunks(table, id, { after, end: nextChunk, limit: PAGE });
    if (numbers.length > 0) await broker.send(numbers.map((n) => deliverJob(id, n, true)));
    jobs += numbers.length;
    after = numbers.at(-1) ?? after;
    if (numbers.length < PAGE) break;
  }
  log.info('chunks of a broadcast queued again', { broadcastId: id, jobs });
}

interface Waiting {
  readonly broadcast: Broadcast;
  readonly open: readonly number[];
  readonly size: number;
  readonly pace: Pace;
  readonly args: FanOutArgs;
}

/** Looks again later; when nothing has moved for long, queues the chunks again. */
async function waitForChunks(
  { broadcast, open, size, pace, args }: Waiting,
  run: Run,
  dependencies: FanOutDependencies,
): Promise<void> {
  const { id, nextChunk, ended } = broadcast;
  const { table, broker } = dependencies.backend;
  const { metrics } = dependencies;
  const nowMs = run.now();
  const now = open.length === 0 ? '' : `${open[0]}-${open.length}`;
  const before = args.seen?.open === now ? args.seen : undefined;
  let { sinceMs, requeued } = before ?? { sinceMs: nowMs, requeued: 0 };
  if (pace.held) sinceMs = nowMs;
  // Queueing them again did not help.
  else if (requeued > 0) metrics.count('stalled', run.queue);
  if (nowMs - sinceMs >= STALLED_MS * 2 ** Math.min(requeued, MOST_DOUBLINGS)) {
    await requeue(broadcast, run, dependencies);
    [sinceMs, requeued] = [nowMs, requeued + 1];
  }
  let dueMs = args.seen?.dueMs ?? 0;
  if (dueMs - nowMs < MOVE_DUE_MS) {
    dueMs = nowMs + LOOK_AGAIN_MS;
    await table.update(broadcastKey(id), { due: broadcastDueEntry(dueMs, id) }, [{ status: 'queued' }]);
  }
  const aheadSeconds = (open.length * size) / pace.ratePerSecond;
  // Until half of what is ahead is sent, or all of it.
  const wanted = pace.held ? HELD_WAIT : Math.min(MOST_WAIT, ended ? aheadSeconds : aheadSeconds / 2);
  const seen = { open: now, sinceMs, requeued, dueMs };
  await broker.send([nextStep({ id, step: nextChunk, seen }, nowMs + Math.max(LEAST_WAIT, wanted) * 1_000)]);
}
