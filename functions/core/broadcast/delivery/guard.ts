import type { Backend } from '../../ports/backend.ts';
import type { Run } from '../../task/task.ts';
import { type Broadcast, broadcastKey, LOOK_AGAIN_MS } from '../broadcast.ts';
import { guardJob } from './fan-out-job.ts';
import { handOverBroadcasts } from './handover.ts';

/** False where jobs can be delayed for any time (Redis): no function looks at what is due each minute. */
export const hasSchedule = ({ delayHorizonMs }: Pick<Backend, 'delayHorizonMs'>): boolean =>
  Number.isFinite(delayHorizonMs);

/** Looks every quarter of an hour at a broadcast that is being sent, and queues its fan-out again if that has stopped. */
export async function guard({ id }: { readonly id: string }, run: Run, backend: Backend): Promise<void> {
  const { now, log, stopsAtMs } = run;
  const broadcast = await backend.table.get<Broadcast>(broadcastKey(id));
  if (broadcast?.status !== 'queued') return;
  await backend.broker.send([guardJob(id, now() + LOOK_AGAIN_MS)]);
  const { table, broker } = backend;
  await handOverBroadcasts({ backend: { table, broker, delayHorizonMs: 0 }, now, log, deadlineMs: stopsAtMs });
}
