import type { Delivery } from '../../core/ports/broker.ts';
import type { QueueName } from '../../core/queues.ts';
import type { Worker } from '../../core/task/worker.ts';

/** After a job is done, others that are done within this time are acknowledged with it. */
const GATHER_MS = 5;
/** So many are worth an acknowledgement of their own at once. */
const GATHERED = 20;

export interface JobsInFlightOptions {
  readonly work: Worker;
  readonly now: () => number;
  /** The time that a job may count on its delivery, in ms from its start or from the last renewal of its delivery. */
  readonly runMs: number;
  /** When the function stops working, epoch ms. */
  readonly stopsAtMs: number;
}

/** The jobs that one consumer works on. */
export interface JobsInFlight {
  start(delivery: Delivery): void;
  /** Notes that the deliveries of all jobs were renewed, by a request that began at this time (epoch ms). */
  renewed(atMs: number): void;
  has(id: string): boolean;
  all(): Delivery[];
  size(queue?: QueueName): number;
  /** Jobs that have ended since the start. */
  count(): number;
  /** Done, but not acknowledged yet; `acknowledged` removes them. */
  done(): Delivery[];
  acknowledged(deliveries: readonly Delivery[]): void;
  /** Resolves when jobs have ended, or after `mostMs`. */
  change(mostMs: number): Promise<void>;
}

/** Each job runs by itself: a slow one holds no other back. */
export function createJobsInFlight({ work, now, runMs, stopsAtMs }: JobsInFlightOptions): JobsInFlight {
  const inFlight = new Map<string, Delivery>();
  let done: Delivery[] = [];
  let count = 0;
  let renewedAtMs = 0;
  let notify = () => {};

  const run = async (delivery: Delivery) => {
    const startMs = now();
    // A job that waits for its turn claims its email late: the claim must not end with the first lease of the delivery.
    const failed = await work([delivery], () => Math.max(startMs, renewedAtMs) + runMs, stopsAtMs);
    inFlight.delete(delivery.id);
    // A failed job stays in its queue and is delivered again after its lease.
    if (failed.length === 0) done.push(delivery);
    count++;
    notify();
  };

  return {
    start: (delivery) => {
      inFlight.set(delivery.id, delivery);
      void run(delivery);
    },
    renewed: (atMs) => {
      renewedAtMs = atMs;
    },
    has: (id) => inFlight.has(id),
    all: () => [...inFlight.values()],
    size: (queue) => (queue ? [...inFlight.values()].filter((one) => one.queue === queue).length : inFlight.size),
    count: () => count,
    done: () => [...done],
    acknowledged: (deliveries) => {
      const gone = new Set(deliveries);
      done = done.filter((delivery) => !gone.has(delivery));
    },
    change: async (mostMs) => {
      if (done.length > 0) return;
      await new Promise<void>((resolve) => {
        let timer = setTimeout(resolve, mostMs);
        let gathering = false;
        notify = () => {
          const isWhole = inFlight.size === 0 || done.length >= GATHERED;
          if (gathering && !isWhole) return;
          clearTimeout(timer);
          gathering = true;
          // Whole, it waits only for those that end at the same moment.
          if (isWhole) setImmediate(resolve);
          else timer = setTimeout(resolve, GATHER_MS);
        };
      });
    },
  };
}
