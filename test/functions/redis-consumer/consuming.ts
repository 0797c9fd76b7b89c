import { randomUUID } from 'node:crypto';
import { createRedisBackend } from '../../../functions/adapters/redis/backend.ts';
import { createRedisClient, type RedisClient } from '../../../functions/adapters/redis/client.ts';
import { type ConsumerQueue, createConsumerQueue } from '../../../functions/adapters/redis/consumer.ts';
import type { Backend } from '../../../functions/core/ports/backend.ts';
import type { Delivery, Job } from '../../../functions/core/ports/broker.ts';
import type { Logger } from '../../../functions/core/ports/telemetry.ts';
import { type QueueName, queueNames } from '../../../functions/core/queues.ts';
import { type ConsumeResult, consume } from '../../../functions/runtime/consumer/consume.ts';
import type { ConsumeDependencies } from '../../../functions/runtime/consumer/dependencies.ts';
import { queueKey, type RedisDatabase } from '../../helpers/redis-database.ts';

const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** A deployment of its own on a database; its consumers record what they did. */
export interface Consuming {
  readonly client: RedisClient;
  readonly backend: Backend;
  /** The place that each invoked consumer is to take; empty for one that an accept invokes. */
  readonly invocations: string[];
  /** The `id` of every job that was run, in order. */
  readonly ran: string[];
  /** Watchdogs that were started. */
  readonly watchdogs: { count: number };
  /** The times at which metrics were to be written, epoch ms. */
  readonly flushes: number[];
  send(id: string, more?: Partial<Job>): Promise<void>;
  queue(name?: string, maxConsumers?: number, watched?: boolean): ConsumerQueue;
  /** Runs one consumer; `wrap` may look at its calls to the queue, and change them. */
  consume(options?: ConsumeOptions): Promise<ConsumeResult>;
}

export interface ConsumeOptions {
  readonly replaces?: string;
  readonly maxConsumers?: number;
  readonly wrap?: (queue: ConsumerQueue) => ConsumerQueue;
  readonly work?: ConsumeDependencies['work'];
  readonly renewClaims?: ConsumeDependencies['renewClaims'];
  readonly isLimiting?: ConsumeDependencies['isLimiting'];
  readonly runMs?: number;
  readonly inFlight?: number | ConsumeDependencies['inFlight'];
  readonly lookAtHolds?: ConsumeDependencies['lookAtHolds'];
}

/** Creates a deployment; its scripts use the clock `now`. */
export function createConsuming({ front }: Pick<RedisDatabase, 'front'>, now: () => number = Date.now): Consuming {
  const invocations: string[] = [];
  const ran: string[] = [];
  const watchdogs = { count: 0 };
  const flushes: number[] = [];
  const invokeConsumer = async (replaces = '') => void invocations.push(replaces);
  const client = createRedisClient({ credentials: async () => front, namespace: randomUUID(), invokeConsumer, now });
  const backend = createRedisBackend(client, now);
  const work = async (deliveries: readonly Delivery[]) => {
    for (const { body } of deliveries) ran.push(JSON.parse(body).args.id);
    return [];
  };
  const queue = (name: string = randomUUID(), maxConsumers = 4, watched = false) =>
    createConsumerQueue(client, { name, maxConsumers, maxReceiveCount: 3, watched });
  return {
    client,
    backend,
    invocations,
    ran,
    watchdogs,
    flushes,
    queue,
    send: (id, more = {}) =>
      backend.broker.send([{ queue: 'transactional', job: { task: 'note', args: { id }, attempt: 1, ...more } }]),
    consume: ({
      replaces,
      maxConsumers = 4,
      wrap = (own: ConsumerQueue) => own,
      runMs = 60_000,
      inFlight = 10,
      ...options
    } = {}) =>
      consume(
        {
          queue: wrap(queue(randomUUID(), maxConsumers)),
          work: options.work ?? work,
          invokeConsumer,
          startWatchdog: async () => void watchdogs.count++,
          newName: randomUUID,
          now,
          log: silent,
          queues: client.queues,
          inFlight: typeof inFlight === 'number' ? () => inFlight : inFlight,
          lookAtHolds: options.lookAtHolds ?? (async () => {}),
          flushMetrics: () => void flushes.push(now()),
          renewClaims: options.renewClaims ?? (async () => {}),
          isLimiting: options.isLimiting ?? (() => false),
          deadlineMs: now() + runMs,
        },
        replaces,
      ),
  };
}

/** The options of a consumer that receives once, with the room that a test adds. */
export const receivesOnce = {
  consumer: 'tests',
  leaseMs: 60_000,
  maxReceiveCount: 5,
  heartbeat: false,
  reclaim: false,
  look: false,
};

/** Room for so many jobs of each queue, except of `some`. */
export function roomFor(each: number, some: Partial<Record<QueueName, number>> = {}): Record<QueueName, number> {
  return Object.fromEntries(queueNames.map((name) => [name, some[name] ?? each])) as Record<QueueName, number>;
}

/** Calls `before` ahead of each call to the queue, with the number of that call. */
export function interrupting(queue: ConsumerQueue, before: (call: number) => Promise<void>): ConsumerQueue {
  let calls = 0;
  const step = async <T>(call: () => Promise<T>): Promise<T> => {
    await before(++calls);
    return call();
  };
  return {
    enter: (replaces) => step(() => queue.enter(replaces)),
    exchange: (exchange) => step(() => queue.exchange(exchange)),
    leave: () => step(() => queue.leave()),
    reserve: (name) => step(() => queue.reserve(name)),
    handOver: (name) => step(() => queue.handOver(name)),
  };
}

/** Adds an entry to the dead-letter stream, as the script does with a job that was received too often. */
export async function bury(
  { client }: Pick<Consuming, 'client'>,
  { command }: Pick<RedisDatabase, 'command'>,
  job = '{"task":"note","args":{},"attempt":1}',
  queue = 'transactional',
): Promise<string> {
  return String(
    await command('XADD', queueKey(client, 'dead'), '*', 'job', job, 'queue', queue, 'received', '3', 'queued', '1000'),
  );
}
