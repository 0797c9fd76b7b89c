import type { OutgoingJob } from '../../ports/broker.ts';

/** The task that counts a broadcast again. */
export const RECOUNT_TASK = 'broadcast.recount';

const HOUR_MS = 3_600_000;
/** When the counters are counted again, after the end of the broadcast. */
export const RECOUNT_AFTER_MS = [HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS] as const;

/** The job of the first recount of a broadcast that ended at `endedAtMs`; it queues the others. */
export const firstRecount = (id: string, endedAtMs: number): OutgoingJob => ({
  queue: 'transactional',
  job: { task: RECOUNT_TASK, args: { id, round: 0 }, attempt: 1, dueAtMs: endedAtMs + RECOUNT_AFTER_MS[0] },
});
