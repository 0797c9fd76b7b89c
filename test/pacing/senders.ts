import type { Pacer } from '../../functions/core/pacing/pacer.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import { Postponed } from '../../functions/core/task/task.ts';

/** A function that sends: its own pacer, and how it sends. Real or simulated. */
export interface Sender {
  readonly pacer: Pacer;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** What a worker does between its reservation and its turn: claim, read the body, compose. */
  readonly prepare: () => Promise<unknown>;
  /** Resolves to false when SES throttles. */
  readonly send: (recipients: number) => Promise<boolean>;
}

/** The counts of the senders. */
export interface Tally {
  /** When SES took each recipient, epoch ms. */
  readonly sentAtMs: number[];
  throttled: number;
  postponed: number;
  /** From the job's arrival to the call of SES, in ms, by queue. */
  readonly waitedMs: Record<'transactional' | 'bulk', number[]>;
}

export const emptyTally = (): Tally => ({
  sentAtMs: [],
  throttled: 0,
  postponed: 0,
  waitedMs: { transactional: [], bulk: [] },
});

/** An invocation of the worker lasts no longer. */
const INVOCATION_MS = 60_000;

/** Sends one email as the worker does: reserve, prepare, arrive, send; a throttled one takes another turn. */
export async function sendOne(
  { pacer, now, wait, prepare, send }: Sender,
  queue: QueueName & ('transactional' | 'bulk'),
  recipients: number,
  tally: Tally,
): Promise<void> {
  const arrivedAtMs = now();
  for (;;) {
    const untilMs = now() + INVOCATION_MS;
    try {
      const turn = await pacer.reserve(queue, recipients, untilMs);
      await prepare();
      await pacer.arrive(turn, untilMs);
      for (;;) {
        const calledAtMs = now();
        if (await send(recipients)) {
          for (let one = 0; one < recipients; one++) tally.sentAtMs.push(calledAtMs);
          tally.waitedMs[queue].push(calledAtMs - arrivedAtMs);
          return;
        }
        tally.throttled++;
        await pacer.afterThrottle(turn, untilMs);
      }
    } catch (error) {
      if (!(error instanceof Postponed)) throw error;
      tally.postponed++;
      await wait(error.delaySeconds * 1_000);
    }
  }
}

/** Sends bulk emails without a break, so many at the same time, until then. */
export async function sendBulk(
  sender: Sender,
  { inFlight, untilMs, recipients }: { inFlight: number; untilMs: number; recipients: () => number },
  tally: Tally,
): Promise<void> {
  const lane = async () => {
    while (sender.now() < untilMs) await sendOne(sender, 'bulk', recipients(), tally);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** Sends a transactional email every `everyMs`, by one of these senders in turn. */
export async function sendTransactional(
  senders: readonly Sender[],
  { everyMs, untilMs }: { everyMs: number; untilMs: number },
  tally: Tally,
): Promise<void> {
  const sent: Promise<void>[] = [];
  for (let at = 0; ; at++) {
    const sender = senders[at % senders.length];
    if (!sender || sender.now() >= untilMs) break;
    sent.push(sendOne(sender, 'transactional', 1, tally));
    await sender.wait(everyMs);
  }
  await Promise.all(sent);
}

export interface Result {
  /** Of the rate of SES, 0 to 1, in the time that is measured. */
  readonly share: number;
  readonly throttled: number;
  readonly postponed: number;
  /** The wait of transactional emails, in ms. */
  readonly waitMs: { readonly p50: number; readonly p95: number; readonly p99: number };
}

/** Evaluates what was sent from `fromMs` to `untilMs`. */
export function resultOf(tally: Tally, ratePerSecond: number, fromMs: number, untilMs: number): Result {
  const sent = tally.sentAtMs.filter((atMs) => atMs >= fromMs && atMs < untilMs).length;
  const waits = [...tally.waitedMs.transactional].sort((a, b) => a - b);
  const percentile = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return {
    share: sent / ((ratePerSecond * (untilMs - fromMs)) / 1_000),
    throttled: tally.throttled,
    postponed: tally.postponed,
    waitMs: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
  };
}

/** The emails that each of `senders` must have under way to keep the rate: an email takes about 0.3 s. At least a batch. */
export function inFlightOf(ratePerSecond: number, senders: number): number {
  return Math.max(10, Math.ceil((ratePerSecond * 0.3) / senders));
}
