import { type ClockDependencies, handOverClocks, hasTickJobs } from './handover.ts';
import { syncClocks } from './sync.ts';

/** Keeps the clocks of a deployment going; called once a minute. */
export interface ClockKeeper {
  /** Hands over what is due until `deadlineMs` (epoch ms); answers how many runs it made. */
  look(deadlineMs: number): Promise<number>;
}

/** Also where nothing was deployed: another version of the code may have been at work after the last time. */
const SYNC_EVERY_MS = 3_000_000;

/**
 * Makes the keeper of a process. Its first look after a deployment makes the stored clocks those of the code. Where each clock has a
 * job for its next tick it looks once in 50 minutes, for jobs that were lost: a look once a minute would cost 88,000 commands a month.
 */
export function createClockKeeper(dependencies: ClockDependencies): ClockKeeper {
  const { now, backend } = dependencies;
  let syncedAtMs = Number.NEGATIVE_INFINITY;
  return {
    async look(deadlineMs) {
      const isSyncDue = now() - syncedAtMs >= SYNC_EVERY_MS;
      if (isSyncDue) {
        await syncClocks(dependencies);
        syncedAtMs = now();
      }
      return isSyncDue || !hasTickJobs(backend) ? handOverClocks({ ...dependencies, deadlineMs }) : 0;
    },
  };
}
