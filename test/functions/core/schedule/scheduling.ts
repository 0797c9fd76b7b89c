import type { Backend } from '../../../../functions/core/ports/backend.ts';
import type { ScheduleDependencies } from '../../../../functions/core/schedule/handover.ts';
import type { Simulation } from '../../../helpers/sending-simulation.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 1_440 * MINUTE_MS;

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** The dependencies of one run of the schedule, which has `forMs`. */
export const run = (
  simulation: Simulation,
  backend: Backend = simulation.backend,
  forMs = MINUTE_MS,
): ScheduleDependencies => ({
  backend,
  backlog: simulation.backend.backlog,
  now: () => simulation.clock.nowMs,
  log,
  metrics: simulation.metrics,
  deadlineMs: simulation.clock.nowMs + forMs,
});

/** Accepts an email that is due after this time; answers its id. */
export const schedule = (simulation: Simulation, aheadMs: number): Promise<string> =>
  simulation.accept({ scheduled_at: new Date(simulation.clock.nowMs + aheadMs).toISOString() });
