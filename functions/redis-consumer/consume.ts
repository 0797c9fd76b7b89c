import type { Arrival, ConsumerQueue } from '../adapters/redis/consumer.ts';
import { untilAnswered } from '../adapters/redis/retry.ts';
import { LEASE_MS } from '../adapters/redis/times.ts';
import type { Delivery } from '../core/ports/broker.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type QueueName, queueNames } from '../core/queues.ts';
import type { Worker } from '../core/task/worker.ts';

export interface ConsumeDependencies {
  readonly queue: ConsumerQueue;
  readonly work: Worker;
  /** Invokes another consumer, which takes the place of this name. */
  readonly invokeConsumer: (replaces: string) => Promise<void>;
  /** Starts a watchdog, which invokes a consumer if this one dies; called if no watchdog is running. */
  readonly startWatchdog: () => Promise<void>;
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

export interface ConsumeResult {
  readonly end: 'no place' | 'nothing left' | 'handed over';
  readonly done: number;
}

/** Between two heartbeats: several fit in a lease, so one lost request does not end it. */
const HEARTBEAT_MS = 1_500;
/** After the first job is done others are waited for this long, to be acknowledged along. */
const GATHER_MS = 5;
/** When nothing comes the next look is after this long, twice as long each time, up to the most. */
const LEAST_POLL_MS = 50;
const MOST_POLL_MS = 1_000;
/** The most while jobs are in flight, so that no heartbeat is late: a claim that missed one has little of its lease left. */
const IN_FLIGHT_POLL_MS = HEARTBEAT_MS / 2;
/**
 * What a task may count on from its delivery, or its consumer's last heartbeat, on. The claim on an email is 2 s longer and must
 * end before the delivery comes back, LEASE_MS after the last heartbeat. Only what has been in flight for a heartbeat is
 * renewed: most emails are sent by then, and cost no command more.
 */
const RUN_MS = LEASE_MS - 2_500;
/** Before the time-out no more jobs are taken, and those in flight have this long to end; a quarter of a shorter time. */
const CLOSING_MS = 15_000;
/** So long before the time-out, the jobs still in flight are left to the next consumer. */
const LAST_MS = 1_500;
/** Another consumer is invoked when the backlog would take this one longer. */
const BACKLOG_SECONDS = 2;
const FLUSH_MS = 60_000;

/** Works until nothing is left to do, or hands over to a fresh invocation before the time-out. */
export async function consume(dependencies: ConsumeDependencies, replaces?: string): Promise<ConsumeResult> {
  const entered = await retrying(dependencies, () => dependencies.queue.enter(replaces));
  if (entered === 'no place') return { end: 'no place', done: 0 };
  const [result] = await Promise.all([
    workUntilEmpty(dependencies),
    entered === 'unwatched' ? dependencies.startWatchdog() : undefined,
  ]);
  return result;
}

async function workUntilEmpty(dependencies: ConsumeDependencies): Promise<ConsumeResult> {
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
async function close({ queue, invokeConsumer, newName }: ConsumeDependencies, done: number): Promise<ConsumeResult> {
  if ((await queue.leave()) === 'left') return { end: 'nothing left', done };
  const successor = newName();
  await queue.handOver(successor);
  await invokeConsumer(successor);
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
function createFlights({ work, now, deadlineMs }: Pick<ConsumeDependencies, 'work' | 'now' | 'deadlineMs'>): Flights {
  const flying = new Map<string, Delivery>();
  let done: Delivery[] = [];
  let count = 0;
  let notify = () => {};

  const run = async (delivery: Delivery) => {
    const failed = await work([delivery], now() + RUN_MS, deadlineMs - LAST_MS);
    flying.delete(delivery.id);
    // What did not end well stays in the queue and comes back after its lease.
    if (failed.length === 0) done.push(delivery);
    count++;
    notify();
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
      const notified = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, mostMs, false);
        notify = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (notified && flying.size > 0) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    },
  };
}

/** One round trip: acknowledges, renews, receives and starts what came; answers how many. */
function createExchange(dependencies: ConsumeDependencies, flights: Flights): (closing: boolean) => Promise<number> {
  const { queue, now, log, inFlight, renewClaims } = dependencies;
  let beatAtMs = 0;
  const backlog = createBacklogWatch(dependencies, flights);

  return async (closing) => {
    const done = flights.done();
    const startMs = now();
    const heartbeat = startMs - beatAtMs >= HEARTBEAT_MS;
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
      const renewed = heartbeat && now() - beatAtMs < LEASE_MS ? flights.all() : [];
      // Asked for at the same moment, so both are one request.
      const renewing = heartbeat ? renewClaims(now() + RUN_MS, HEARTBEAT_MS) : undefined;
      const [arrived] = await Promise.all([
        queue.exchange({ done, renewed, wanted, heartbeat, countBacklog }),
        renewing,
      ]);
      return arrived;
    });
    flights.acknowledged(done);
    if (heartbeat) beatAtMs = startMs;
    const fresh = arrival.deliveries.filter(({ id }) => !flights.has(id));
    for (const delivery of fresh) flights.start(delivery);
    for (const { id, queue: from } of arrival.dead) log.error('job given up', { deliveryId: id, queue: from });
    if (arrival.backlog !== undefined) await backlog.look(arrival.backlog);
    return fresh.length;
  };
}

/** Once a second, while there is more to do than fits in flight: is it more than this consumer can do soon? */
function createBacklogWatch(dependencies: ConsumeDependencies, flights: Flights) {
  const { queue, invokeConsumer, newName, now, inFlight, log } = dependencies;
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
      log.info('another consumer is invoked', { jobs, perSecond: Math.round(perSecond) });
      await invokeConsumer(name);
    },
  };
}

/** A consumer has time until shortly before its time-out. */
const retrying = <T>({ now, log, deadlineMs }: ConsumeDependencies, ask: () => Promise<T>): Promise<T> =>
  untilAnswered({ now, log, untilMs: deadlineMs - LAST_MS }, ask);
