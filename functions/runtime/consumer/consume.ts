import { type ConsumeDependencies, retrying } from './dependencies.ts';
import { createExchange } from './exchange.ts';
import { createJobsInFlight } from './jobs-in-flight.ts';
import { HEARTBEAT_MS, LAST_MS, RUN_MS } from './timing.ts';

export interface ConsumeResult {
  readonly end: 'no place' | 'nothing left' | 'handed over';
  readonly done: number;
}

/** While no job arrives, the wait until the next look doubles each time, from the least to the most. */
const LEAST_POLL_MS = 50;
const MOST_POLL_MS = 1_000;
/** The most while a queue is held: it may last for a day, and each look costs commands. */
const HELD_POLL_MS = 5_000;
/** The most while jobs are in flight, so that no heartbeat is late: a claim that missed one has little of its lease left. */
const IN_FLIGHT_POLL_MS = HEARTBEAT_MS / 2;
/** If a consumer does not say it: so long before the time-out, or a quarter of a shorter time, no more jobs are received; those in flight may end. */
const CLOSING_MS = 15_000;
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
  const { queue, queues, work, now, inFlight, lookAtHolds, deadlineMs } = dependencies;
  const held = () => queues.some((name) => inFlight(name) === 0);
  const jobs = createJobsInFlight({ work, now, runMs: RUN_MS, stopsAtMs: deadlineMs - LAST_MS });
  const exchange = createExchange(dependencies, jobs);
  const { closingMs } = dependencies;
  const closeAtMs = deadlineMs - (closingMs ?? Math.min(CLOSING_MS, (deadlineMs - now()) / 4));
  let placeless = false;
  let pollMs = LEAST_POLL_MS;
  let nextDueMs = 0;
  let flushedAtMs = now();
  for (;;) {
    const closing = now() >= closeAtMs;
    if (held()) await lookAtHolds();
    const waitsForLong = closing && closingMs !== undefined && !placeless;
    const { arrived, more, backlog = 0 } = await exchange({ closing, placeless, countBacklog: waitsForLong });
    if (waitsForLong && jobs.size() > 0 && backlog > jobs.size() + jobs.done().length) {
      await handOver(dependencies);
      placeless = true;
    }
    if (now() - flushedAtMs >= FLUSH_MS) {
      flushedAtMs = now();
      dependencies.flushMetrics();
    }
    if (arrived > 0) pollMs = LEAST_POLL_MS;
    else pollMs = Math.min(pollMs * 2, jobs.size() > 0 ? IN_FLIGHT_POLL_MS : held() ? HELD_POLL_MS : MOST_POLL_MS);
    const ended = jobs.size() === 0 && jobs.done().length === 0;
    if (closing && (ended || now() >= deadlineMs - LAST_MS))
      return placeless ? { end: 'handed over', done: jobs.count() } : close(dependencies, jobs.count());
    if (!placeless && arrived === 0 && jobs.size() === 0 && now() >= nextDueMs) {
      const left = await retrying(dependencies, () => queue.leave());
      if (left === 'left') return { end: 'nothing left', done: jobs.count() };
      nextDueMs = left;
    }
    if (more) {
      // The first requests of the jobs that have arrived go first, by themselves: they are not to wait for the next lot.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      continue;
    }
    const untilDueMs = nextDueMs > now() ? nextDueMs - now() : pollMs;
    await jobs.change(Math.min(pollMs, untilDueMs));
  }
}

/** Leaves if nothing is left to do; otherwise a fresh invocation takes this one's place. */
async function close(dependencies: ConsumeDependencies, done: number): Promise<ConsumeResult> {
  if ((await dependencies.queue.leave()) === 'left') return { end: 'nothing left', done };
  await handOver(dependencies);
  return { end: 'handed over', done };
}

async function handOver({ queue, invokeConsumer, newName }: ConsumeDependencies): Promise<void> {
  const successor = newName();
  await queue.handOver(successor);
  await invokeConsumer(successor);
}
