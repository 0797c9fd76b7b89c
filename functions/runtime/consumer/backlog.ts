import { type ConsumeDependencies, retrying } from './dependencies.ts';
import type { JobsInFlight } from './jobs-in-flight.ts';

/** Another consumer is invoked when the backlog would take this one longer. */
const BACKLOG_SECONDS = 2;
const LOOK_MS = 1_000;

/** Watches the backlog once a second, while a queue has no room for more jobs in flight. */
export function createBacklogWatch(dependencies: ConsumeDependencies, jobs: JobsInFlight) {
  const { queue, queues, invokeConsumer, newName, now, inFlight, isLimiting, log } = dependencies;
  let lookedAtMs = now();
  let countThen = 0;
  const full = () => queues.some((name) => inFlight(name) > 0 && jobs.size(name) >= inFlight(name));
  return {
    /** Whether the size of the backlog is to be asked for now. */
    wanted: () => !isLimiting() && full() && now() - lookedAtMs >= LOOK_MS,
    /** Invokes another consumer if this one cannot do the backlog soon and there is a place. */
    look: async (backlog: number) => {
      const perSecond = (1_000 * (jobs.count() - countThen)) / (now() - lookedAtMs);
      [lookedAtMs, countThen] = [now(), jobs.count()];
      if (backlog - jobs.size() <= perSecond * BACKLOG_SECONDS) return;
      const name = newName();
      if (!(await retrying(dependencies, () => queue.reserve(name)))) return;
      log.info('another consumer is invoked', { jobs: backlog, perSecond: Math.round(perSecond) });
      await invokeConsumer(name);
    },
  };
}
