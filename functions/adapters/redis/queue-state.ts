import { type QueueName, queueNames } from '../../core/queues.ts';
import type { RedisClient, RedisValue } from './client.ts';
import { ages, depths, timers } from './operations.ts';

/** Jobs of one queue, by where they are. */
export interface QueueDepth {
  readonly waiting: number;
  /** Delivered to a consumer. */
  readonly running: number;
  /** Not before their time. */
  readonly delayed: number;
}

/** How much a queue holds, and for how long. */
export interface QueueAge {
  readonly queue: QueueName;
  /** Waiting or with a consumer; what is delayed is not among them. */
  readonly jobs: number;
  /** How long the oldest has been there, or is overdue; 0 if there is none. */
  readonly oldestMs: number;
}

/** Timers looked at in one step: all of a million at once would keep everyone else waiting. */
const TIMERS_AT_ONCE = 5_000;

/** What all queues hold, and how many dead letters there are. */
export async function queueDepths({
  run,
}: Pick<RedisClient, 'run'>): Promise<{ queues: Record<QueueName, QueueDepth>; deadLetters: number }> {
  const [jobs, delayed] = await Promise.all([run(depths()), delayedJobs(run)]);
  const pairs = rows(jobs);
  const depthOf = (index: number): QueueDepth => {
    const [jobs = 0, running = 0] = pairs[index] ?? [];
    return { waiting: Math.max(0, jobs - running), running, delayed: delayed[index] ?? 0 };
  };
  const queues = Object.fromEntries(queueNames.map((name, index) => [name, depthOf(index)]));
  return { queues: queues as Record<QueueName, QueueDepth>, deadLetters: pairs.at(-1)?.[0] ?? 0 };
}

/** How old the oldest job of each queue is; worth its ten commands only when there may be any. */
export async function queueAges({ run }: Pick<RedisClient, 'run'>): Promise<QueueAge[]> {
  const pairs = rows(await run(ages()));
  return queueNames.map((queue, index) => {
    const [jobs = 0, oldestMs = 0] = pairs[index] ?? [];
    return { queue, jobs, oldestMs };
  });
}

/** By queue; approximate, for timers move while they are counted. */
async function delayedJobs(run: RedisClient['run']): Promise<number[]> {
  const sums = queueNames.map(() => 0);
  for (let rank = 0; ; rank += TIMERS_AT_ONCE) {
    const [seen = 0, ...counts] = (await run(timers({ rank, count: TIMERS_AT_ONCE }))) as readonly number[];
    for (const [index, count] of counts.entries()) sums[index] = (sums[index] ?? 0) + count;
    if (seen < TIMERS_AT_ONCE) return sums;
  }
}

function rows(answer: RedisValue): readonly (readonly number[])[] {
  return Array.isArray(answer) ? (answer as readonly (readonly number[])[]) : [];
}
