import * as z from 'zod/mini';
import type { OutgoingJob } from '../../ports/broker.ts';
import type { QueueName } from '../../queues.ts';

/** The task that makes the chunks of a broadcast. */
export const FAN_OUT_TASK = 'broadcast.fan-out';
/** Its jobs are light, and must not wait behind the emails of the bulk queue. */
export const FAN_OUT_QUEUE: QueueName = 'transactional';

/** Its arguments. With `requeue` it first queues the chunks again that are not done: after a pause, or when nothing has moved. */
export const fanOutArgs = z.object({
  id: z.string(),
  /** The number of the next chunk when the job was queued: a job is outdated when the fan-out has passed it. */
  step: z.number(),
  requeue: z.optional(z.boolean()),
  /** The state that a waiting job has seen before. */
  seen: z.optional(
    z.object({
      /** The chunks that were not done. */
      open: z.string(),
      /** Since when they are the same, epoch ms. */
      sinceMs: z.number(),
      /** The number of times that they were queued again. */
      requeued: z.number(),
      /** When the schedule looks at the broadcast unless the job moves that, epoch ms. */
      dueMs: z.number(),
    }),
  ),
});
export type FanOutArgs = z.infer<typeof fanOutArgs>;

/** The job that begins or continues the fan-out of a broadcast. */
export const fanOutJob = (
  id: string,
  { requeue = false, dueAtMs }: { requeue?: boolean; dueAtMs?: number } = {},
): OutgoingJob => nextStep({ id, step: 0, ...(requeue ? { requeue } : {}) }, dueAtMs);

/** The job of a step, at `dueAtMs` (epoch ms) if given. */
export const nextStep = (args: FanOutArgs, dueAtMs?: number): OutgoingJob => ({
  queue: FAN_OUT_QUEUE,
  job: { task: FAN_OUT_TASK, args, attempt: 1, ...(dueAtMs === undefined ? {} : { dueAtMs }) },
});
