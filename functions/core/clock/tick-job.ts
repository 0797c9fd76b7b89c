import * as z from 'zod/mini';
import type { OutgoingJob } from '../ports/broker.ts';
import { runQueue } from '../run/run.ts';
import { emailRetry } from '../task/retry.ts';
import { type Task, task } from '../task/task.ts';

const args = z.object({ task: z.string() });
type TickArgs = z.infer<typeof args>;

/** Hands over the due tick of a clock; answers when that is durable. */
export type OnTick = (task: string) => Promise<unknown>;

const TICK = 'clock.tick';

/**
 * The task that hands over a clock's tick at its moment, where the broker delays for any time (`backend=redis`): nobody needs to look
 * for due clocks meanwhile. It is on the list of the worker that runs the user's tasks.
 */
export function createTickTask(onTick: OnTick): Task<TickArgs, unknown> {
  return task<TickArgs, unknown>(TICK, { args, queue: runQueue('transactional'), retry: emailRetry }, async (tick) => {
    await onTick(tick.task);
  });
}

/** The job of the tick at this time, epoch ms. */
export const tickJob = (name: string, atMs: number): OutgoingJob => ({
  queue: runQueue('transactional'),
  job: { task: TICK, args: { task: name }, attempt: 1, dueAtMs: atMs },
});
