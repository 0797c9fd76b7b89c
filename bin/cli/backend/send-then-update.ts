import type { Backend } from '../../../functions/core/ports/backend.ts';

/** The job arrives this long after it was queued: the update is done by then. */
const DELAY_MS = 5_000;
/** After an update that took longer, the job may have come too soon. */
const LATE_MS = 3_000;

/**
 * `updateAndSend` for an operator's machine, which may lose its network or be closed at any moment: the job is queued first,
 * with a delay. If the update does not follow, the job finds nothing to do; in the other order a changed email would have no job.
 */
export function sendThenUpdate(
  { table, broker }: Pick<Backend, 'table' | 'broker'>,
  now: () => number = Date.now,
): Backend['updateAndSend'] {
  return async (key, change, anyOf, outgoing) => {
    const startedAtMs = now();
    const dueAtMs = Math.max(outgoing.job.dueAtMs ?? 0, startedAtMs + DELAY_MS);
    await broker.send([{ ...outgoing, job: { ...outgoing.job, dueAtMs } }]);
    const outcome = await table.update<never>(key, change, anyOf);
    if (outcome.applied && now() - startedAtMs > LATE_MS) await broker.send([outgoing]);
    return outcome;
  };
}
