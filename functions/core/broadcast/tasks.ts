import * as z from 'zod/mini';
import { emailRetry } from '../task/retry.ts';
import { type Task, task } from '../task/task.ts';
import type { RecountDependencies } from './counting/recount.ts';
import { RECOUNT_TASK } from './counting/recount-job.ts';
import type { DeliverDependencies } from './delivery/deliver.ts';
import { ClaimedElsewhere, DELIVER_QUEUE, DELIVER_TASK, deliverArgs } from './delivery/deliver-job.ts';
import type { FanOutDependencies } from './delivery/fan-out.ts';
import { FAN_OUT_QUEUE, FAN_OUT_TASK, fanOutArgs } from './delivery/fan-out-job.ts';

/** The dependencies of the tasks of broadcasts. */
export interface BroadcastDependencies {
  /** Loads what only broadcasts need: a deployment that sends none does not pay for it. */
  readonly broadcasts: () => Promise<Broadcasts>;
}

/** The functions of the tasks, and what they need. */
export interface Broadcasts {
  readonly fanOut: typeof import('./delivery/fan-out.ts').fanOut;
  readonly deliver: typeof import('./delivery/deliver.ts').deliver;
  readonly recountBroadcast: typeof import('./counting/recount.ts').recountBroadcast;
  readonly dependencies: FanOutDependencies & RecountDependencies & Omit<DeliverDependencies, 'claims'>;
}

type Dependencies = BroadcastDependencies & Pick<DeliverDependencies, 'claims'>;

/** Makes the chunks of a broadcast, step by step. */
const broadcastFanOut = task(
  FAN_OUT_TASK,
  {
    args: fanOutArgs,
    queue: FAN_OUT_QUEUE,
    retry: emailRetry,
    logged: ({ id, step }) => ({ broadcastId: id, step }),
  },
  async (args, run, { broadcasts }: Dependencies) => {
    const { fanOut, dependencies } = await broadcasts();
    await fanOut(args, run, dependencies);
  },
);

/** Sends to the recipients of a chunk. */
const broadcastDeliver = task(
  DELIVER_TASK,
  {
    args: deliverArgs,
    queue: DELIVER_QUEUE,
    retry: emailRetry,
    logged: ({ id, n }) => ({ broadcastId: id, n }),
    onPostponed: (args, postponed) => (postponed instanceof ClaimedElsewhere ? { ...args, again: true } : args),
    onEnd: (run, { claims }) => claims.end(run.id),
  },
  async (args, run, { broadcasts, claims }: Dependencies) => {
    const { deliver, dependencies } = await broadcasts();
    await deliver(args, run, { ...dependencies, claims });
  },
);

/** Counts a broadcast's emails again; the task that is loaded checks the arguments. */
const broadcastRecount = task(
  RECOUNT_TASK,
  {
    args: z.custom<{ readonly id: string }>(),
    queue: 'transactional',
    retry: emailRetry,
    logged: ({ id }) => ({ id }),
  },
  async (args, run, { broadcasts }: Dependencies) => {
    const { recountBroadcast, dependencies } = await broadcasts();
    await recountBroadcast.run(recountBroadcast.args.parse(args), run, dependencies);
  },
);

/** The tasks of a worker that sends broadcasts. */
export const broadcastTasks: readonly Task<unknown, Dependencies>[] = [
  broadcastFanOut,
  broadcastDeliver,
  broadcastRecount,
];
