import { type Arrival, type DrainerQueue, LEASE_MS } from '../adapters/redis/consumer.ts';
import { untilAnswered } from '../adapters/redis/retry.ts';
import type { Delivery } from '../core/ports/broker.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type QueueName, queueNames } from '../core/queues.ts';
import type { Worker } from '../core/task/worker.ts';

export interface DrainDependencies {
  readonly queue: DrainerQueue;
  readonly work: Worker;
  /** Starts another drainer in the place of this name. */
  readonly ring: (replaces: string) => Promise<void>;
  /** Starts a watcher, which rings if this drainer dies; called if there is none. */
  readonly watch: () => Promise<void>;
  readonly newName: () => string;
  readonly now: () => number;
  readonly log: Logger;
  /** Jobs in flight at once, by queue. */
  readonly inFlight: Readonly<Record<QueueName, number>>;
  /** Writes what was counted; called once a minute, so that alarms need not wait for the end of a long run. */
  readonly flushMetrics: () => void;
  /** Renews what the jobs in flight have claimed (`Claims.renew`); called with each heartbeat, in the same request. */
  readonly renewClaims: (deadlineMs: number, leastGainMs: number) => Promise<void>;
  /** When this function is stopped, epoch ms. */
  readonly deadlineMs: number;
}

export interface DrainResult {
  readonly end: 'no place' | 'nothing left' | 'handed over';
  readonly done: number;
}

/** How often a drainer says that it is alive: several times a lease, so that a lost request is no death. */
const BEAT_MS = 1_500;
/** After the first job is done others are waited for this long, to be acknowledged along. */
const GATHER_MS = 5;
/** When nothing comes the next look is after this long, twice as long each time, up to the most. */
const LEAST_POLL_MS = 50;
const MOST_POLL_MS = 1_000;
/** The most while jobs are in flight, so that no heartbeat is late: a claim that missed one has little of its lease left. */
const IN_FLIGHT_POLL_MS = BEAT_MS / 2;
/**
 * What a task may count on from its delivery, or its drainer's last heartbeat, on. The claim on an email is 2 s longer and must
 * end before the delivery comes back, LEASE_MS after the last heartbeat. Only what has been in flight for a heartbeat is
 * renewed: most emails are sent by then, and cost no command more.
 */
const RUN_MS = LEASE_MS - 2_500;
/** Before the time-out no more jobs are taken, and those in flight have this long to end; a quarter of a shorter time. */
const CLOSING_MS = 15_000;
/** Before the time-out what is in flight is left to the next drainer. */
const LAST_MS = 1_500;
/** Another drainer is rung for when the backlog would take this one longer. */
const BACKLOG_SECONDS = 2;
const FLUSH_MS = 60_000;

/** Works until nothing is left to do, or hands over to a fresh invocation before the time-out. */
export async function drain(dependencies: DrainDependencies, replaces?: string): Promise<DrainResult> {
  const entered = await retrying(dependencies, () => dependencies.queue.enter(replaces));
  if (entered === 'no place') return { end: 'no place', done: 0 };
  const [result] = await Promise.all([
    workUntilEmpty(dependencies),
    entered === 'unwatched' ? dependencies.watch() : undefined,
  ]);
  return result;
}

async function workUntilEmpty(dependencies: DrainDependencies): Promise<DrainResult> {
  const { queue, now, deadlineMs } = dependencies;
  const flights = createFlights(dependencies);
  const exchange = createExchange(dependencies, flights);
  const closeAtMs = deadlineMs - Math.min(CLOSING_MS, (deadlineMs - now()) / 4);
  let pollMs = LEAST_POLL_MS;
  let nextDueMs = 0;
  let flushedAtMs = now();
  for (;;) {
    const closing = now() >= closeAtMs;
    const arrived = await exchange(closing);
    if (now() - flushedAtMs >= FLUSH_MS) {
      flushedAtMs = now();
      dependencies.flushMetrics();
    }
    if (arrived > 0) pollMs = LEAST_POLL_MS;
    else pollMs = Math.min(pollMs * 2, flights.size() > 0 ? IN_FLIGHT_POLL_MS : MOST_POLL_MS);
    if (closing && (flights.size() === 0 || now() >= deadlineMs - LAST_MS)) return close(dependencies, flights.count());
    if (arrived === 0 && flights.size() === 0 && now() >= nextDueMs) {
      const left = await retrying(dependencies, () => queue.leave());
      if (left === 'left') return { end: 'nothing left', done: flights.count() };
      nextDueMs = left;
    }
    const untilDueMs = nextDueMs > now() ? nextDueMs - now() : MOST_POLL_MS;
    await flights.change(Math.min(pollMs, untilDueMs));
  }
}

/** Leaves if nothing is left to do; otherwise a fresh invocation takes this one's place. */
async function close({ queue, ring, newName }: DrainDependencies, done: number): Promise<DrainResult> {
  if ((await queue.leave()) === 'left') return { end: 'nothing left', done };
  const successor = newName();
  await queue.handOver(successor);
  await ring(successor);
  return { end: 'handed over', done };
}

interface Flights {
  start(delivery: Delivery): void;
  has(id: string): boolean;
  all(): Delivery[];
  size(queue?: QueueName): number;
  /** Jobs done since the start. */
  count(): number;
  /** Done, but not acknowledged yet; taken out when `acknowledged` says so. */
  done(): Delivery[];
  acknowledged(deliveries: readonly Delivery[]): void;
  /** Resolves when jobs are done, or after `mostMs`. */
  change(mostMs: number): Promise<void>;
}

/** The jobs in flight, each on its own: one that is slow holds no other back. */
function createFlights({ work, now, deadlineMs }: Pick<DrainDependencies, 'work' | 'now' | 'deadlineMs'>): Flights {
  const flying = new Map<string, Delivery>();
  let done: Delivery[] = [];
  let count = 0;
  let wake = () => {};

  const run = async (delivery: Delivery) => {
    const failed = await work([delivery], now() + RUN_MS, deadlineMs - LAST_MS);
    flying.delete(delivery.id);
    // What did not end well stays in the queue and comes back after its lease.
    if (failed.length === 0) done.push(delivery);
    count++;
    wake();
  };

  return {
    start: (delivery) => {
      flying.set(delivery.id, delivery);
      void run(delivery);
    },
    has: (id) => flying.has(id),
    all: () => [...flying.values()],
    size: (queue) => (queue ? [...flying.values()].filter((one) => one.queue === queue).length : flying.size),
    count: () => count,
    done: () => [...done],
    acknowledged: (deliveries) => {
      const gone = new Set(deliveries);
      done = done.filter((delivery) => !gone.has(delivery));
    },
    change: async (mostMs) => {
      if (done.length > 0) return;
      const woken = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, mostMs, false);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (woken && flying.size > 0) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    },
  };
}

/** One round trip: acknowledges, renews, receives and starts what came; answers how many. */
function createExchange(dependencies: DrainDependencies, flights: Flights): (closing: boolean) => Promise<number> {
  const { queue, now, log, inFlight, renewClaims } = dependencies;
  let beatAtMs = 0;
  const backlog = createBacklogWatch(dependencies, flights);

  return async (closing) => {
    const done = flights.done();
    const startMs = now();
    const beat = startMs - beatAtMs >= BEAT_MS;
    const room = (name: QueueName) => (closing ? 0 : Math.max(0, inFlight[name] - flights.size(name)));
    const wanted = {
      transactional: room('transactional'),
      bulk: room('bulk'),
      webhook: room('webhook'),
      'webhook-slow': room('webhook-slow'),
    };
    const countBacklog = !closing && backlog.wanted();
    const arrival: Arrival = await retrying(dependencies, async () => {
      // A delivery whose lease ran out may be another's by now: it is not taken back.
      const renewed = beat && now() - beatAtMs < LEASE_MS ? flights.all() : [];
      // Asked for at the same moment, so both are one request.
      const renewing = beat ? renewClaims(now() + RUN_MS, BEAT_MS) : undefined;
      const [arrived] = await Promise.all([queue.exchange({ done, renewed, wanted, beat, countBacklog }), renewing]);
      return arrived;
    });
    flights.acknowledged(done);
    if (beat) beatAtMs = startMs;
    const fresh = arrival.deliveries.filter(({ id }) => !flights.has(id));
    for (const delivery of fresh) flights.start(delivery);
    for (const { id, queue: from } of arrival.dead) log.error('job given up', { deliveryId: id, queue: from });
    if (arrival.backlog !== undefined) await backlog.look(arrival.backlog);
    return fresh.length;
  };
}

/** Once a second, while there is more to do than fits in flight: is it more than this drainer can do soon? */
function createBacklogWatch(dependencies: DrainDependencies, flights: Flights) {
  const { queue, ring, newName, now, inFlight, log } = dependencies;
  let lookedAtMs = now();
  let countThen = 0;
  const full = () => queueNames.some((name) => flights.size(name) >= inFlight[name]);
  return {
    wanted: () => full() && now() - lookedAtMs >= 1_000,
    look: async (jobs: number) => {
      const perSecond = (1_000 * (flights.count() - countThen)) / (now() - lookedAtMs);
      [lookedAtMs, countThen] = [now(), flights.count()];
      if (jobs - flights.size() <= perSecond * BACKLOG_SECONDS) return;
      const name = newName();
      if (!(await retrying(dependencies, () => queue.reserve(name)))) return;
      log.info('another drainer is rung for', { jobs, perSecond: Math.round(perSecond) });
      await ring(name);
    },
  };
}

/** A drainer has time until shortly before its time-out. */
const retrying = <T>({ now, log, deadlineMs }: DrainDependencies, ask: () => Promise<T>): Promise<T> =>
  untilAnswered({ now, log, untilMs: deadlineMs - LAST_MS }, ask);
