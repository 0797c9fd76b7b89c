import { LEASE_MS } from '../adapters/redis/times.ts';
import type { QueueName } from '../core/queues.ts';
import { createBacklogWatch } from './backlog.ts';
import { type ConsumeDependencies, retrying } from './dependencies.ts';
import type { JobsInFlight } from './jobs-in-flight.ts';
import { HEARTBEAT_MS, RUN_MS } from './timing.ts';

/**
 * A queue with less room than this part of its jobs in flight is asked only with a heartbeat: under load, where one job ends after
 * another, that saves most of the commands.
 */
const WORTH_ASKING = 0.1;

/**
 * One round trip: acknowledges, renews, receives and starts what has arrived; answers how many jobs. A closing consumer receives
 * none.
 */
export function createExchange(
  dependencies: ConsumeDependencies,
  jobs: JobsInFlight,
): (closing: boolean) => Promise<number> {
  const { queue, queues, now, log, inFlight, renewClaims } = dependencies;
  const backlog = createBacklogWatch(dependencies, jobs);
  let heartbeatAtMs = 0;

  return async (closing) => {
    const done = jobs.done();
    const startMs = now();
    const heartbeat = startMs - heartbeatAtMs >= HEARTBEAT_MS;
    const wanted = roomByQueue(queues, (name) => {
      const room = inFlight(name) - jobs.size(name);
      return !closing && (heartbeat || room >= WORTH_ASKING * inFlight(name)) ? room : 0;
    });
    const countBacklog = !closing && backlog.wanted();
    let renewedAtMs: number | undefined;
    const arrival = await retrying(dependencies, async () => {
      // A delivery whose lease has ended may be with another consumer by now: it is not renewed.
      const renewed = heartbeat && now() - heartbeatAtMs < LEASE_MS ? jobs.all() : [];
      renewedAtMs = renewed.length > 0 ? startMs : undefined;
      // Asked for at the same moment, so both are one request.
      const renewing = heartbeat ? renewClaims(now() + RUN_MS, HEARTBEAT_MS) : undefined;
      const exchanging = queue.exchange({ done, renewed, wanted, heartbeat, countBacklog });
      const [arrived] = await Promise.all([exchanging, renewing]);
      return arrived;
    });
    jobs.acknowledged(done);
    if (heartbeat) heartbeatAtMs = startMs;
    if (renewedAtMs !== undefined) jobs.renewed(renewedAtMs);
    const fresh = arrival.deliveries.filter(({ id }) => !jobs.has(id));
    for (const delivery of fresh) jobs.start(delivery);
    for (const { id, queue: from } of arrival.dead) log.error('job given up', { deliveryId: id, queue: from });
    if (arrival.backlog !== undefined) await backlog.look(arrival.backlog);
    return fresh.length;
  };
}

function roomByQueue(
  queues: readonly QueueName[],
  room: (name: QueueName) => number,
): Partial<Record<QueueName, number>> {
  return Object.fromEntries(queues.map((name) => [name, Math.max(0, room(name))]));
}
