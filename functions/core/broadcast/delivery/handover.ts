import { documentsOf, entryPages } from '../../document/pages.ts';
import { timeSort } from '../../document/time-sort.ts';
import type { Backend } from '../../ports/backend.ts';
import type { Logger } from '../../ports/telemetry.ts';
import {
  BROADCAST_PARTITION,
  type Broadcast,
  broadcastDueEntry,
  broadcastKey,
  LOOK_AGAIN_MS,
  RECHECK_SCHEDULED_MS,
} from '../broadcast.ts';
import { fanOutJob } from './fan-out-job.ts';

export interface BroadcastHandoverDependencies {
  readonly backend: Pick<Backend, 'table' | 'broker' | 'delayHorizonMs'>;
  readonly now: () => number;
  readonly log: Logger;
  /** When to stop and leave the rest to the next run, epoch ms. */
  readonly deadlineMs: number;
}

const PAGE = 100;

/**
 * Queues the fan-out of each scheduled broadcast shortly before its time, with the exact delay, and again that of each broadcast whose
 * fan-out has stopped: one that lives moves the time at which the broadcast is examined. Answers how many were queued.
 */
export async function handOverBroadcasts(dependencies: BroadcastHandoverDependencies): Promise<number> {
  const { backend, now, deadlineMs } = dependencies;
  const before = timeSort(now() + backend.delayHorizonMs, '~');
  const query = { index: 'due', partition: BROADCAST_PARTITION, order: 'ascending', limit: PAGE, before } as const;
  let count = 0;
  for await (const entries of entryPages(backend.table, query)) {
    const sorts = new Map(entries.map(({ key, sort }) => [key, sort]));
    for (const broadcast of await documentsOf<Broadcast>(backend.table, entries))
      if (await handOver(broadcast, sorts.get(broadcastKey(broadcast.id)) ?? '', dependencies)) count++;
    if (now() >= deadlineMs) break;
  }
  return count;
}

/** Queues the fan-out of one broadcast if it is time; `sort` is the place at which it was found. */
async function handOver(
  { id, status, scheduledAtMs = 0 }: Broadcast,
  sort: string,
  { backend: { table, broker }, now, log }: BroadcastHandoverDependencies,
): Promise<boolean> {
  const nowMs = now();
  const isDue = sort <= timeSort(nowMs, '~');
  if (status === 'scheduled') {
    // The entry of one that is queued already comes after its time.
    if (!isDue && sort > timeSort(scheduledAtMs, '~')) return false;
    await broker.send([fanOutJob(id, { dueAtMs: scheduledAtMs })]);
    const due = broadcastDueEntry(Math.max(nowMs, scheduledAtMs) + RECHECK_SCHEDULED_MS, id);
    await table.update(broadcastKey(id), { due }, [{ status: 'scheduled', scheduledAtMs }]);
    return true;
  }
  if (!isDue) return false;
  if (status !== 'queued') {
    await table.update(broadcastKey(id), { due: null }, [{ status }]);
    return false;
  }
  log.warn('the fan-out of a broadcast had stopped; queued again', { broadcastId: id });
  await broker.send([fanOutJob(id, { requeue: true })]);
  await table.update(broadcastKey(id), { due: broadcastDueEntry(nowMs + LOOK_AGAIN_MS, id) }, [{ status: 'queued' }]);
  return true;
}
