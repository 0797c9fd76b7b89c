import { readJob } from '../../core/inspection/read-job.ts';
import type { DeadLetters, HeldDeadLetter, Inspection, QueueDepth } from '../../core/ports/inspection.ts';
import type { QueueName } from '../../core/queues.ts';
import type { RedisClient, RedisValue } from './client.ts';
import * as operations from './operations.ts';

/** How much a queue holds, and for how long. */
export interface QueueAge {
  readonly queue: QueueName;
  /** Waiting or with a consumer; delayed jobs are not among them. */
  readonly jobs: number;
  /** How long the oldest has been there, or is overdue; 0 if there is none. */
  readonly oldestMs: number;
}

/** Timers looked at in one step: all of a million at once would keep everyone else waiting. */
const TIMERS_AT_ONCE = 5_000;
const BATCH = 10;
/** The highest number that the second part of a stream's id can have. */
const LAST_IN_MS = 2n ** 64n - 1n;

/**
 * The inspection port on Redis: its own queues, without the feedback, which is on SQS. `clockAheadMs`: how far Redis' clock is
 * ahead of ours.
 */
export function createRedisInspection(
  client: Pick<RedisClient, 'run' | 'peek' | 'queues'>,
  { clockAheadMs = 0 }: { readonly clockAheadMs?: number } = {},
): Inspection {
  return { depths: () => queueDepths(client), deadLetters: createRedisDeadLetters(client, clockAheadMs) };
}

/** How old the oldest job of each queue is; it costs two commands a queue and two more, so ask only when there may be any. */
export async function queueAges({ run, queues }: Pick<RedisClient, 'run' | 'queues'>): Promise<QueueAge[]> {
  const pairs = rows(await run(operations.ages()));
  return queues.map((queue, index) => {
    const [jobs = 0, oldestMs = 0] = pairs[index] ?? [];
    return { queue, jobs, oldestMs };
  });
}

async function queueDepths(client: Pick<RedisClient, 'run' | 'queues'>): Promise<QueueDepth[]> {
  const [depths, delayed, ages] = await Promise.all([
    client.run(operations.depths()),
    delayedJobs(client),
    queueAges(client),
  ]);
  const pairs = rows(depths);
  const queues = ages.map(({ queue, oldestMs }, index) => {
    const [jobs = 0, running = 0] = pairs[index] ?? [];
    return { queue, waiting: Math.max(0, jobs - running), running, delayed: delayed[index] ?? 0, oldestMs };
  });
  return [...queues, { queue: 'dead letters', waiting: pairs.at(-1)?.[0] ?? 0, running: 0, delayed: 0 }];
}

/** By queue; approximate, for timers move while they are counted. */
async function delayedJobs({ run, queues }: Pick<RedisClient, 'run' | 'queues'>): Promise<number[]> {
  const sums = queues.map(() => 0);
  for (let rank = 0; ; rank += TIMERS_AT_ONCE) {
    const [seen = 0, ...counts] = (await run(operations.timers({ rank, count: TIMERS_AT_ONCE }))) as readonly number[];
    for (const [index, count] of counts.entries()) sums[index] = (sums[index] ?? 0) + count;
    if (seen < TIMERS_AT_ONCE) return sums;
  }
}

function rows(answer: RedisValue): readonly (readonly number[])[] {
  return Array.isArray(answer) ? (answer as readonly (readonly number[])[]) : [];
}

/** The dead-letter stream. Reading takes nothing out and hides nothing; redriving is one step, so there is always one copy. */
function createRedisDeadLetters({ run, peek }: Pick<RedisClient, 'run' | 'peek'>, clockAheadMs: number): DeadLetters {
  const list = async (after: string, count: number): Promise<HeldDeadLetter[]> => {
    const entries = (await run(operations.deadLetters({ after, count }))) as readonly (readonly string[])[];
    return entries.map((entry) => letterOf(entry, run, clockAheadMs));
  };
  return {
    count: async () => (await peek()).deadLetters,

    async *pages() {
      for (let after = ''; ; ) {
        const page = await list(after, BATCH);
        const last = page.at(-1);
        if (!last) return;
        yield page;
        after = last.id;
      }
    },

    async find(id) {
      const before = idBefore(id);
      const [letter] = before === undefined ? [] : await list(before, 1);
      return letter?.id === id ? letter : undefined;
    },
  };
}

function letterOf(entry: readonly string[], run: RedisClient['run'], clockAheadMs: number): HeldDeadLetter {
  const [id = '', body = '', queue = '', received = '', queued = ''] = entry;
  // Entries of the first release do not say it: then when it was given up, which is what an id begins with.
  const queuedAtMs = Number(queued || id.split('-')[0]);
  return {
    id,
    body,
    ...readJob(body),
    queuedAtMs: Math.round(queuedAtMs - clockAheadMs),
    receiveCount: Number(received),
    sourceQueue: queue || undefined,
    // 0 is success too: it is not here any more, so someone else has redriven or deleted it.
    redrive: async () => (await run(operations.redrive(id))) !== -1,
    delete: async () => {
      await run(operations.discard(id));
    },
  };
}

/** The highest id below a stream's id (`<ms>-<number>`); undefined for what is none. */
function idBefore(id: string): string | undefined {
  const [, ms, number] = /^(\d{1,19})-(\d{1,19})$/.exec(id) ?? [];
  if (ms === undefined || number === undefined) return undefined;
  if (BigInt(number) > 0n) return `${ms}-${BigInt(number) - 1n}`;
  return BigInt(ms) > 0n ? `${BigInt(ms) - 1n}-${LAST_IN_MS}` : undefined;
}
