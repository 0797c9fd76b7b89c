import { createClockKeeper } from '../core/clock/keeper.ts';
import { newId } from '../core/ids.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { handOverRuns } from '../core/run/accept/handover.ts';
import type { TaskManifest } from '../core/run/definition/manifest.ts';

/** Called once a minute in a deployment with tasks. In a file of its own, which is loaded there alone. */
export interface ScheduledTasks {
  /** Queues the runs that are due, and makes those of clocks, until `deadlineMs` (epoch ms); answers how many. */
  handOver(deadlineMs: number): Promise<{ readonly runs: number; readonly ticks: number }>;
}

/** With `backend=redis` the broker keeps runs that are due later, so that only the clocks are looked after. */
export function createScheduledTasks(backend: Backend, { tasks }: TaskManifest, log: Logger): ScheduledTasks {
  const now = Date.now;
  const clocks = createClockKeeper({ backend, tasks, now, newId, log });
  return {
    async handOver(deadlineMs) {
      const [runs, ticks] = await Promise.allSettled([
        backend.delayHorizonMs === Number.POSITIVE_INFINITY ? 0 : handOverRuns({ backend, now, deadlineMs }),
        clocks.look(deadlineMs),
      ]);
      if (runs.status === 'rejected') throw runs.reason;
      if (ticks.status === 'rejected') throw ticks.reason;
      return { runs: runs.value, ticks: ticks.value };
    },
  };
}
