import type { Delivery } from '../../core/ports/broker.ts';
import { type QueueName, queues } from '../../core/queues.ts';
import type { RedisClient, RedisValue } from './client.ts';
import type { Operation } from './lua/operation.ts';
import * as operations from './operations.ts';
import { LEASE_MS } from './times.ts';

export interface Exchange {
  /** Deliveries whose jobs are done: they are removed from their queues. */
  readonly done: readonly Delivery[];
  /** Deliveries still in work: their leases start anew. */
  readonly renewed: readonly Delivery[];
  /** How many jobs of each queue this consumer has room for. */
  readonly wanted: Readonly<Partial<Record<QueueName, number>>>;
  /** Send a heartbeat, and take over the deliveries of crashed consumers. */
  readonly heartbeat: boolean;
  /** Ask for the number of jobs that are waiting or in work. */
  readonly countBacklog: boolean;
}

export interface Arrival {
  readonly deliveries: readonly Delivery[];
  /** Jobs that were received too often and are now in the dead-letter stream. */
  readonly dead: readonly Delivery[];
  readonly backlog?: number;
}

/** The queues as one consumer sees them. Every call is one script: other callers do nothing in between. */
export interface ConsumerQueue {
  /** Takes a place among the consumers, or that of `replaces`; `unwatched`: this consumer is to start a watchdog. */
  enter(replaces?: string): Promise<'no place' | 'entered' | 'unwatched'>;
  /** Acknowledges, renews and receives in one round trip. */
  exchange(exchange: Exchange): Promise<Arrival>;
  /**
   * Leaves if no job is waiting, in work or due soon; a job that is sent later invokes a consumer. Otherwise this one stays, and
   * the answer is when the next job is due (epoch ms), 0 for now.
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

/** After so many jobs of fair queues, and with each heartbeat, a consumer looks for new jobs of other groups. */
const LOOK_AFTER = 30;

/** The queues on Redis Streams with one consumer group. */
export function createConsumerQueue({ run, runAll }: RedisClient, options: ConsumerOptions): ConsumerQueue {
  const { name: consumer, maxConsumers, maxReceiveCount, watched } = options;
  let jobsSinceLook = 0;
  return {
    enter: async (replaces = '') => {
      const answer = await run(operations.enter({ consumer, replaces, maxConsumers, leaseMs: LEASE_MS, watched }));
      return (['no place', 'entered', 'unwatched'] as const)[Number(answer)] ?? 'no place';
    },

    async exchange({ done, renewed, wanted: room, heartbeat, countBacklog }) {
      const lease = { consumer, leaseMs: LEASE_MS, maxReceiveCount };
      const before = [
        ...byQueue(done, (queue, ids) => operations.acknowledge({ queue, ids })),
        ...byQueue(renewed, (queue, ids) => operations.renew({ queue, consumer, ids })),
      ];
      const look = heartbeat || jobsSinceLook >= LOOK_AFTER;
      const receive = operations.receive({ ...lease, heartbeat, reclaim: heartbeat, look, room });
      const answers = await runAll([...before, receive, ...(countBacklog ? [operations.backlog()] : [])]);
      const rows = receivedRows(answers[before.length]);
      jobsSinceLook = (look ? 0 : jobsSinceLook) + rows.filter(({ delivery }) => queues[delivery.queue].fair).length;
      return {
        deliveries: rows.filter(({ dead }) => !dead).map(({ delivery }) => delivery),
        dead: rows.filter(({ dead }) => dead).map(({ delivery }) => delivery),
        ...(countBacklog ? { backlog: Number(answers.at(-1)) } : {}),
      };
    },

    leave: async () => {
      const answer = await run(operations.leave({ consumer }));
      return answer === 1 ? 'left' : Number(answer);
    },
    reserve: async (other) => (await run(operations.reserve({ consumer: other, maxConsumers }))) === 1,
    handOver: async (successor) => {
      await run(operations.handOver({ consumer, successor }));
    },
  };
}

function byQueue(
  deliveries: readonly Delivery[],
  operation: (queue: QueueName, ids: readonly string[]) => Operation,
): Operation[] {
  const groups = Map.groupBy(deliveries, ({ queue }) => queue);
  return [...groups].map(([queue, own]) =>
    operation(
      queue,
      own.map(({ id }) => id),
    ),
  );
}

function receivedRows(answer: RedisValue | undefined): { delivery: Delivery; dead: boolean }[] {
  const rows = Array.isArray(answer) ? (answer as readonly (readonly [QueueName, string, string, 'dead'?])[]) : [];
  return rows.map(([queue, id, body, dead]) => ({ delivery: { id, body, queue }, dead: dead !== undefined }));
}
