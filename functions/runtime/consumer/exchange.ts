import { LEASE_MS } from '../../adapters/redis/times.ts';
import type { QueueName } from '../../core/queues.ts';
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
 * The part of a queue's jobs in flight that one exchange receives. Short jobs of one lot ask for the same at the same moment, so that
 * all of them wait for Redis together; the other lot runs meanwhile.
 */
const LOT = 0.5;

/** The part of a consumer in an exchange. */
export interface Part {
  /** It receives no more jobs. */
  readonly closing: boolean;
  /** It has given its place to another, and only renews the deliveries of its jobs in flight. */
  readonly placeless: boolean;
  /** Ask for the number of jobs that wait or are in work. */
  readonly countBacklog: boolean;
}

/** The result of an exchange. */
export interface Exchanged {
  /** Jobs that have arrived and were started. */
  readonly arrived: number;
  /** There is room for another lot of a queue that had a whole one. */
  readonly more: boolean;
  /** Jobs that wait or are in work, if it was asked for. */
  readonly backlog: number | undefined;
}

/** One round trip: acknowledges, renews, receives and starts what has arrived. */
export function createExchange(
  dependencies: ConsumeDependencies,
  jobs: JobsInFlight,
): (part: Part) => Promise<Exchanged> {
  const { queue, queues, now, log, inFlight, renewClaims } = dependencies;
  const backlog = createBacklogWatch(dependencies, jobs);
  let heartbeatAtMs = 0;

  return async ({ closing, placeless, countBacklog: asked }) => {
    const done = jobs.done();
    const startMs = now();
    const heartbeat = startMs - heartbeatAtMs >= HEARTBEAT_MS;
    const roomOf = (name: QueueName) => inFlight(name) - jobs.size(name);
    const isWorthAsking = (name: QueueName) => roomOf(name) >= WORTH_ASKING * inFlight(name);
    const wanted = roomByQueue(queues, (name) => {
      if (closing || !(heartbeat || isWorthAsking(name))) return 0;
      return Math.min(roomOf(name), Math.ceil(LOT * inFlight(name)));
    });
    const looks = !closing && backlog.wanted();
    const countBacklog = asked || looks;
    let renewedAtMs: number | undefined;
    const arrival = await retrying(dependencies, async () => {
      // A delivery whose lease has ended may be with another consumer by now: it is not renewed.
      const renewed = heartbeat && now() - heartbeatAtMs < LEASE_MS ? jobs.all() : [];
      renewedAtMs = renewed.length > 0 ? startMs : undefined;
      // Asked for at the same moment, so both are one request.
      const renewing = heartbeat ? renewClaims(now() + RUN_MS, HEARTBEAT_MS) : undefined;
      const exchanging = queue.exchange({ done, renewed, wanted, heartbeat: heartbeat && !placeless, countBacklog });
      const [arrived] = await Promise.all([exchanging, renewing]);
      return arrived;
    });
    jobs.acknowledged(done);
    if (heartbeat) heartbeatAtMs = startMs;
    if (renewedAtMs !== undefined) jobs.renewed(renewedAtMs);
    const fresh = arrival.deliveries.filter(({ id }) => !jobs.has(id));
    for (const delivery of fresh) jobs.start(delivery);
    for (const { id, queue: from } of arrival.dead) log.error('job given up', { deliveryId: id, queue: from });
    if (looks && arrival.backlog !== undefined) await backlog.look(arrival.backlog);
    const more = queues.some((name) => {
      const lot = wanted[name] ?? 0;
      const arrived = fresh.filter(({ queue: from }) => from === name).length;
      return lot > 0 && arrived >= lot && isWorthAsking(name);
    });
    return { arrived: fresh.length, more, backlog: arrival.backlog };
  };
}

function roomByQueue(
  queues: readonly QueueName[],
  room: (name: QueueName) => number,
): Partial<Record<QueueName, number>> {
  return Object.fromEntries(queues.map((name) => [name, Math.max(0, room(name))]));
}
