import type { Delivery } from '../../core/ports/broker.ts';
import type { QueueName } from '../../core/queues.ts';
import { queueNames } from '../../core/queues.ts';
import type { Operation, RedisClient, RedisValue } from './client.ts';

/**
 * How long a consumer without a heartbeat counts as alive, in ms: then others take over its deliveries. An invoked consumer has
 * as long to start (scripts.ts has that number too).
 */
export const LEASE_MS = 6_000;

export interface Exchange {
  /** Deliveries done with: gone from the queue. */
  readonly done: readonly Delivery[];
  /** Deliveries still worked on, whose lease begins anew. */
  readonly renewed: readonly Delivery[];
  readonly wanted: Readonly<Record<QueueName, number>>;
  /** Send a heartbeat, and take over the deliveries of crashed consumers. */
  readonly heartbeat: boolean;
  /** Ask for the number of jobs that are waiting or worked on. */
  readonly countBacklog: boolean;
}

export interface Arrival {
  readonly deliveries: readonly Delivery[];
  /** Jobs that were received too often and are now in the dead-letter stream. */
  readonly dead: readonly Delivery[];
  readonly backlog?: number;
}

/** The queues as one consumer sees them. Every call is one script: nothing of others happens in between. */
export interface ConsumerQueue {
  /** Takes a place among the consumers, or that of `replaces`, if there is one; `unwatched`: a watchdog is to be started. */
  enter(replaces?: string): Promise<'no place' | 'entered' | 'unwatched'>;
  /** Acknowledges, renews and receives in one round trip. */
  exchange(exchange: Exchange): Promise<Arrival>;
  /**
   * Leaves if nothing is waiting, being worked on or soon due; a job sent later invocations. Otherwise it stays: answers when
   * the next job is due (epoch ms), 0 for now.
   */
  leave(): Promise<'left' | number>;
  /** Takes a place for another consumer of this name, if there is one left. */
  reserve(name: string): Promise<boolean>;
  /** Gives this consumer's place to another of this name, which is to be invoked. */
  handOver(name: string): Promise<void>;
}

export interface ConsumerOptions {
  /** Unique among all consumers. */
  readonly name: string;
  /** The most consumers at once. */
  readonly maxConsumers: number;
  /** A job received more often goes to the dead-letter stream. */
  readonly maxReceiveCount: number;
  /** A watchdog invoked this consumer, and watches over it. */
  readonly watched: boolean;
}

/** The queues on Redis Streams with one consumer group. */
export function createConsumerQueue({ run, runAll }: RedisClient, options: ConsumerOptions): ConsumerQueue {
  const { name, maxConsumers, maxReceiveCount, watched } = options;
  return {
    enter: async (replaces = '') => {
      const answer = await run(['enter', name, replaces, maxConsumers, LEASE_MS, watched ? 1 : 0]);
      return (['no place', 'entered', 'unwatched'] as const)[Number(answer)] ?? 'no place';
    },

    async exchange({ done, renewed, wanted, heartbeat, countBacklog }) {
      const room = queueNames.map((queue) => wanted[queue]);
      const receive: Operation = [
        'receive',
        name,
        LEASE_MS,
        maxReceiveCount,
        heartbeat ? 1 : 0,
        heartbeat ? 1 : 0,
        ...room,
      ];
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
