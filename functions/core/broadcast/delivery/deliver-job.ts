import * as z from 'zod/mini';
import { groupOf } from '../../email/record.ts';
import type { OutgoingJob } from '../../ports/broker.ts';
import type { QueueName } from '../../queues.ts';
import { Postponed } from '../../task/task.ts';

/** The task that sends to the recipients of a chunk. */
export const DELIVER_TASK = 'broadcast.deliver';
export const DELIVER_QUEUE: QueueName = 'bulk';

/** Its arguments. With `again` there may be another job of the chunk: a worker that crashed with the chunk is waited for longer. */
export const deliverArgs = z.object({ id: z.string(), n: z.number(), again: z.optional(z.boolean()) });
export type DeliverArgs = z.infer<typeof deliverArgs>;

/**
 * The job of a crashed worker comes back after the visibility timeout, so that SES's Send event has minutes to arrive. Other jobs of the
 * chunk wait as long: for this time after the lease has ended.
 */
export const AFTER_LEASE_MS = 300_000;

/** The job of a chunk. Each broadcast is a group, so that those of an account are sent side by side. */
export const deliverJob = (id: string, n: number, again = false): OutgoingJob => ({
  queue: DELIVER_QUEUE,
  job: { group: groupOf(id), task: DELIVER_TASK, args: { id, n, ...(again ? { again } : {}) }, attempt: 1 },
});

/** Thrown when another run has claimed the chunk: the job comes back when that one must have ended. */
export class ClaimedElsewhere extends Postponed {
  constructor(leaseUntilMs: number, nowMs: number) {
    super('another worker has the chunk', Math.max(0, leaseUntilMs + AFTER_LEASE_MS - nowMs) / 1_000 + 1);
  }
}
