import * as z from 'zod/mini';
import type { OutgoingJob } from '../ports/broker.ts';

/** The task that makes the chunks of a broadcast. */
export const FAN_OUT_TASK = 'broadcast.fan-out';

/** Its arguments. With `requeue` it first queues the chunks again that are not done: after a pause, or when nothing has moved. */
export const fanOutArgs = z.object({ id: z.string(), step: z.number(), requeue: z.optional(z.boolean()) });

/**
 * The job that begins or continues the fan-out of a broadcast. It is light, and on the transactional queue: what waits on the bulk
 * queue must not delay it.
 */
export const fanOutJob = (id: string, { requeue = false }: { requeue?: boolean } = {}): OutgoingJob => ({
  queue: 'transactional',
  job: { task: FAN_OUT_TASK, args: { id, step: 0, ...(requeue ? { requeue } : {}) }, attempt: 1 },
});
