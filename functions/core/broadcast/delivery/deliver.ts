import { type EmailRecord, recordKey } from '../../email/record.ts';
import { leaseEnd } from '../../email/send/claims.ts';
import type { Turn } from '../../pacing/pacer.ts';
import { HeldElsewhere, Postponed, type Run } from '../../task/task.ts';
import type { Broadcast } from '../broadcast.ts';
import { addSettled } from '../counting/settled.ts';
import {
  type Chunk,
  type ChunkProgress,
  chunkKey,
  claimChunk,
  finishChunk,
  followsCrash,
  releaseChunk,
  suspendChunk,
} from './chunk.ts';
import type { ChunkGate } from './chunk-gate.ts';
import { createChunkTally, type Outcome } from './chunk-tally.ts';
import { createConsent } from './consent.ts';
import { AFTER_LEASE_MS, ClaimedElsewhere, type DeliverArgs } from './deliver-job.ts';
import { emailIdOf } from './recipient.ts';
import { fingerprintOf, outcomeOf, publishFailed, type SendToDependencies, sendTo, Unknown } from './send-to.ts';

export interface DeliverDependencies extends SendToDependencies {
  readonly gate: ChunkGate;
}

/** Recipients of a chunk that are sent to at the same time. */
const LANES = 10;
/** Those of them that go on when the rate is used up: with more, one worker would keep the others from their turns. */
const SLOW_LANES = 3;
/** The longest time that a recipient waits for a turn in a worker; then the chunk waits on the queue. */
const WAIT_MS = 30_000;
/** The least wait of a chunk after an error of the provider. */
const OUTAGE_SECONDS = 30;
/** No recipient begins in the last part of a function's time: a send takes up to 15 s, and the chunk is written after it. */
const LAST_MS = 20_000;

/** Thrown when the broadcast was paused, canceled or failed. */
class NotSending extends Error {
  override readonly name = 'NotSending';
}

/** Also a broadcast that is `sent` already: a chunk of the last moment may have been missing when that was found out. */
const isSending = (broadcast: Broadcast | undefined): broadcast is Broadcast =>
  broadcast?.status === 'queued' || broadcast?.status === 'sent';

/**
 * Sends to the recipients of a chunk.
 *
 *     claim ─▶ for each recipient: consent ─▶ turn ─▶ SES ─▶ record      ─▶ done, counters
 *                                                   ▲       ▲
 *                                                   crash: SES's Send event writes the record
 *
 * Whoever claims the chunk after a crash reads the records first. It is claimed again no sooner than an email would be: by the same job
 * after the visibility timeout, by others five minutes after the lease, so that the Send event has its time. A run that ends
 * early, but in good order, notes who is left: then nothing need be read.
 */
export async function deliver(args: DeliverArgs, run: Run, dependencies: DeliverDependencies): Promise<void> {
  const { reader, gate } = dependencies;
  if (!isSending(await reader.fresh(args.id))) return;
  // Most of the function's time is for the chunk.
  const leave = await gate.enter(run.now() + (run.stopsAtMs - run.now()) / 5);
  try {
    await begin(args, run, dependencies);
  } finally {
    leave();
  }
}

async function begin(args: DeliverArgs, run: Run, dependencies: DeliverDependencies): Promise<void> {
  const { reader, pacer, claims, table } = dependencies;
  const { id: broadcastId, n } = args;
  const broadcast = await reader.fresh(broadcastId);
  if (!isSending(broadcast)) return;
  const startMs = run.now();
  const endMs = Math.max(run.stopsAtMs - LAST_MS, (startMs + run.stopsAtMs) / 2);
  // Before the claim: a job that must wait has written nothing.
  const turn = await pacer.reserve(run.queue, 1, Math.min(startMs + WAIT_MS, endMs));
  const leaseUntilMs = leaseEnd(run.deadlineMs);
  const afterLeaseMs = args.again ? AFTER_LEASE_MS : 0;
  const wanted = { runId: run.id, deliveryId: run.deliveryId, nowMs: run.now(), leaseUntilMs, afterLeaseMs };
  const { applied, document: chunk } = await claimChunk(table, { broadcastId, n }, wanted);
  if (!chunk || chunk.doneAtMs !== undefined) return;
  if (!applied) throw new ClaimedElsewhere(chunk.leaseUntilMs ?? 0, run.now());
  claims.begin({ key: chunkKey(broadcastId, n), runId: run.id, leaseUntilMs });
  await deliverClaimed(broadcast, chunk, { turn, endMs }, run, dependencies);
}

interface Time {
  /** The first turn. */
  readonly turn: Turn;
  /** No recipient begins after this time, epoch ms. */
  readonly endMs: number;
}

async function deliverClaimed(
  broadcast: Broadcast,
  chunk: Chunk,
  time: Time,
  run: Run,
  dependencies: DeliverDependencies,
): Promise<void> {
  const tally = createChunkTally(chunk);
  let stop: { readonly reason: unknown } | undefined;
  let unknown: Unknown | undefined;
  try {
    if (followsCrash(chunk)) await settleRecorded(broadcast, chunk, tally.settle, dependencies);
    const send = await sender(broadcast, chunk, time, run, dependencies, () => stop !== undefined);
    const waiting = tally.left();
    const lane = async (number: number) => {
      const goesOn = () => !stop && (number < SLOW_LANES || !dependencies.gate.isSlow());
      for (let position = waiting.shift(); position !== undefined; position = goesOn() ? waiting.shift() : undefined) {
        try {
          tally.settle(position, await send(position));
        } catch (error) {
          if (error instanceof Unknown) unknown = longer(unknown, error);
          stop ??= { reason: error };
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, waiting.length) }, (_, number) => lane(number)));
  } catch (error) {
    stop = { reason: error };
  }
  await conclude({ chunk, progress: tally.progress(), stop, unknown }, run, dependencies);
  await addSettled(dependencies.table, broadcast.id, tally.counts(), run.now() + dependencies.retentionMs);
  await explain(stop, unknown, broadcast.id, dependencies);
}

const longer = (one: Unknown | undefined, other: Unknown): Unknown =>
  one && one.waitSeconds > other.waitSeconds ? one : other;

interface End {
  readonly chunk: Chunk;
  readonly progress: ChunkProgress;
  readonly stop: { readonly reason: unknown } | undefined;
  readonly unknown: Unknown | undefined;
}

/** Writes how far the run came; throws when the claim was lost: then nothing may be counted. */
async function conclude({ chunk, progress, stop, unknown }: End, run: Run, { table }: DeliverDependencies) {
  const nowMs = run.now();
  const { id: runId } = run;
  const { applied } =
    progress.left.length === 0
      ? await finishChunk(table, chunk, { runId, result: progress.result, nowMs })
      : unknown
        ? await suspendChunk(table, chunk, runId, progress, nowMs + unknown.waitSeconds * 1_000)
        : await releaseChunk(table, chunk, runId, progress);
  if (!applied) throw stop?.reason instanceof HeldElsewhere ? stop.reason : new HeldElsewhere('the claim was lost');
}

/** Throws what makes the job come back, if it must. */
async function explain(
  stop: End['stop'],
  unknown: Unknown | undefined,
  broadcastId: string,
  { reader }: DeliverDependencies,
): Promise<void> {
  if (!stop) return;
  // An error that is not about the provider's answer needs an operator: the job returns until it is given up.
  if (unknown && unknown.waitSeconds === 0) throw unknown.cause;
  if (unknown) throw new Postponed(unknown.message, Math.max(OUTAGE_SECONDS, unknown.waitSeconds) + 1);
  if (!(stop.reason instanceof NotSending)) throw stop.reason;
  // Resumed since: the job that resuming has queued may have come while this run had the chunk.
  if (isSending(await reader.fresh(broadcastId))) throw new Postponed('the broadcast was resumed', 0);
}

/** Settles those to whom a crashed run has sent. */
async function settleRecorded(
  broadcast: Broadcast,
  { recipients, left, n }: Chunk,
  settle: (position: number, outcome: Outcome) => void,
  { table, publish }: DeliverDependencies,
): Promise<void> {
  const positions = left ?? [...recipients.keys()];
  const ids = positions.flatMap((position) => {
    const recipient = recipients[position];
    return recipient === undefined ? [] : emailIdOf(broadcast.id, recipient);
  });
  const records = await table.getMany<EmailRecord>(ids.map(recordKey));
  for (const [index, position] of positions.entries()) {
    const record = records[index];
    // One that was inserted before the send is settled when it is sent.
    if (!record || record.status === 'sending') continue;
    // The email of an address in two chunks belongs to one of them.
    const repeated = broadcast.mayRepeat && record.fingerprint !== fingerprintOf(broadcast, n);
    const outcome = repeated ? 'repeated' : outcomeOf(record);
    if (outcome === 'failed') await publishFailed(record, publish);
    settle(position, outcome);
  }
}

/** Makes the function that sends to one recipient of a chunk. */
async function sender(
  broadcast: Broadcast,
  { recipients, n, left }: Chunk,
  { turn: firstTurn, endMs }: Time,
  run: Run,
  dependencies: DeliverDependencies,
  stopped: () => boolean,
): Promise<(position: number) => Promise<Outcome>> {
  const { reader, pacer, table, gate } = dependencies;
  const { now, queue } = run;
  const content = await reader.content(broadcast.contentId);
  if (!content) throw new Error(`the content of broadcast ${broadcast.id} is gone`);
  const positions = left ?? [...recipients.keys()];
  const consentOf = createConsent(broadcast, recipients, positions, { table, topic: reader.topic, now });
  const spare: Turn[] = [firstTurn];

  return async (position) => {
    const early = await consentOf(position);
    if (early.skip) return early.skip;
    if (now() >= endMs) throw new Postponed('the time of the function ends', 0);
    const untilMs = Math.min(now() + WAIT_MS, endMs);
    const askedAtMs = now();
    const turn = spare.shift() ?? (await pacer.reserve(queue, 1, untilMs));
    gate.waited(now() - askedAtMs);
    // Again: the wait for the turn may have been long.
    if (stopped() || !isSending(await reader.recent(broadcast.id))) throw new NotSending();
    const consent = await consentOf(position);
    if (consent.skip) {
      spare.push(turn);
      return consent.skip;
    }
    return sendTo(consent.addressee, { broadcast, content, n }, { turn, untilMs }, run, dependencies);
  };
}
