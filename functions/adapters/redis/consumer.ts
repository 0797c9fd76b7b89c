import type { Delivery } from '../../core/ports/broker.ts';
import type { QueueName } from '../../core/queues.ts';
import { queueNames } from '../../core/queues.ts';
import type { Operation, RedisClient, RedisValue } from './client.ts';

/**
 * How long a drainer that says nothing is taken to be alive, in ms: then others take its deliveries over. Also how long
 * one that was rung may take to come (redis-scripts.ts has that number too).
 */
export const LEASE_MS = 6_000;

export interface Exchange {
  /** Deliveries done with: gone from the queue. */
  readonly done: readonly Delivery[];
  /** Deliveries still worked on, whose lease begins anew. */
  readonly renewed: readonly Delivery[];
  readonly wanted: Readonly<Record<QueueName, number>>;
  /** Say that this drainer is alive, and take over what a dead one left. */
  readonly beat: boolean;
  /** Ask for the number of jobs that are waiting or worked on. */
  readonly countBacklog: boolean;
}

export interface Arrival {
  readonly deliveries: readonly Delivery[];
  /** Jobs that were received too often and are now in the dead-letter stream. */
  readonly dead: readonly Delivery[];
  readonly backlog?: number;
}

/** The queues as one drainer sees them. Every call is one script: nothing of others happens in between. */
export interface DrainerQueue {
  /** Takes a place among the drainers, or that of `replaces`, if there is one; `unwatched`: a watcher is to be started. */
  enter(replaces?: string): Promise<'no place' | 'entered' | 'unwatched'>;
  /** Acknowledges, renews and receives in one round trip. */
  exchange(exchange: Exchange): Promise<Arrival>;
  /**
   * Leaves if nothing is waiting, being worked on or soon due; a job sent later rings. Otherwise it stays: answers when
   * the next job is due (epoch ms), 0 for now.
   */
  leave(): Promise<'left' | number>;
  /** Takes a place for another drainer of this name, if there is one left. */
  reserve(name: string): Promise<boolean>;
  /** Gives this drainer's place to another of this name, which is to be rung. */
  handOver(name: string): Promise<void>;
}

export interface DrainerOptions {
  /** Unique among all drainers. */
  readonly name: string;
  /** The most drainers at once. */
  readonly maxConsumers: number;
  /** A job received more often goes to the dead-letter stream. */
  readonly maxReceiveCount: number;
  /** Whoever rang watches over this drainer. */
  readonly watched: boolean;
}

/** The queues on Redis Streams with one consumer group. */
export function createDrainerQueue({ run, runAll }: RedisClient, options: DrainerOptions): DrainerQueue {
  const { name, maxConsumers, maxReceiveCount, watched } = options;
  return {
    enter: async (replaces = '') => {
      const answer = await run(['enter', name, replaces, maxConsumers, LEASE_MS, watched ? 1 : 0]);
      return (['no place', 'entered', 'unwatched'] as const)[Number(answer)] ?? 'no place';
    },

    async exchange({ done, renewed, wanted, beat, countBacklog }) {
      const room = queueNames.map((queue) => wanted[queue]);
      const receive: Operation = ['receive', name, LEASE_MS, maxReceiveCount, beat ? 1 : 0, beat ? 1 : 0, ...room];
      const operations = [
        ...byQueue(done, (queue, ids): Operation => ['acknowledge', queue, ...ids]),
        ...byQueue(renewed, (queue, ids): Operation => ['renew', queue, name, ...ids]),
        receive,
        ...(countBacklog ? [['backlog'] as const] : []),
      ];
      const answers = await runAll(operations);
      const rows = deliveries(answers[operations.indexOf(receive)]);
      return {
        deliveries: rows.filter(({ dead }) => !dead).map(({ delivery }) => delivery),
        dead: rows.filter(({ dead }) => dead).map(({ delivery }) => delivery),
        ...(countBacklog ? { backlog: Number(answers.at(-1)) } : {}),
      };
    },

    leave: async () => {
      const answer = await run(['leave', name]);
      return answer === 1 ? 'left' : Number(answer);
    },
    reserve: async (other) => (await run(['reserve', other, maxConsumers])) === 1,
    handOver: async (other) => {
      await run(['handover', name, other]);
    },
  };
}

function byQueue(
  deliveries: readonly Delivery[],
  operation: (queue: QueueName, ids: readonly string[]) => Operation,
): Operation[] {
  return queueNames.flatMap((queue) => {
    const ids = deliveries.filter((delivery) => delivery.queue === queue).map(({ id }) => id);
    return ids.length > 0 ? [operation(queue, ids)] : [];
  });
}

function deliveries(answer: RedisValue | undefined): { delivery: Delivery; dead: boolean }[] {
  const rows = Array.isArray(answer) ? (answer as readonly (readonly [string, string, string, 'dead'?])[]) : [];
  return rows.map(([from, id, body, dead]) => ({
    delivery: { id, body, queue: queueNames.find((name) => name === from) ?? 'transactional' },
    dead: dead !== undefined,
  }));
}
