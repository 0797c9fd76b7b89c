import { recordKey } from '../../functions/core/email/record.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { SimulatedTime } from '../helpers/simulated-time.ts';
import type { Load } from './loads.ts';

/** Events that a function of 256 MB records in a second (measured); with one core 1,250. */
const EVENTS_PER_256_MB = 240;
const MOST_EVENTS = 1_250;
/** A batch begins when so many events wait, or when the first has waited as long as the window. */
const BATCH = 100;
/** From SES by SNS to the queue: half of it to one and a half times. */
const SNS_MS = 100;

/** The path of SES's events: `Send` is published half a second after the send, `Delivery` two seconds later. */
export function createFeedback(
  { feedbackMaxConcurrency, feedbackMemoryMb, feedbackWindowSeconds }: Load,
  time: SimulatedTime,
  table: Table,
  random: () => number,
) {
  const waiting: { readonly id: string; readonly atMs: number; readonly delivered: boolean }[] = [];
  const perSecond = Math.min(MOST_EVENTS, (EVENTS_PER_256_MB * feedbackMemoryMb) / 256);
  let [functions, most, oldestMs] = [0, 0, 0];

  const report = async (id: string, sentAtMs: number, delayMs: number, delivered: boolean) => {
    await time.wait(delayMs * (0.5 + random()));
    // An event tells when it happened: `Send` when SES took the email.
    const atMs = delivered ? time.now() : sentAtMs;
    if (!delivered) void report(id, sentAtMs, 2_000, true);
    await time.wait(SNS_MS * (0.5 + random()));
    waiting.push({ id, atMs, delivered });
    if (waiting.length % BATCH === 1) void time.wait(feedbackWindowSeconds * 1_000).then(work);
    if (waiting.length >= BATCH) void work();
  };
  const work = async () => {
    if (functions >= feedbackMaxConcurrency || waiting.length === 0) return;
    functions++;
    most = Math.max(most, functions);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await time.wait((1_000 * batch.length) / perSecond);
      oldestMs = Math.max(oldestMs, ...batch.map(({ atMs }) => time.now() - atMs));
      // The record knows of the send already; a delivery is one write.
      const set = { status: 'delivered' } as const;
      void Promise.all(
        batch.filter(({ delivered }) => delivered).map(({ id }) => table.update(recordKey(id), { set })),
      );
      if (waiting.length < BATCH) break;
    }
    functions--;
  };
  return {
    sent: (id: string, atMs: number) => void report(id, atMs, 500, false),
    functions: () => most,
    oldestMs: () => oldestMs,
  };
}
