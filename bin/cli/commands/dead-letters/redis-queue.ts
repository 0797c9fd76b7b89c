import type { RedisDeadLetter, RedisDeadLetters } from '../../../../functions/adapters/redis/dead-letters.ts';
import { type DeadLetter, type DeadLetterQueue, readBody } from './queue.ts';

const BATCH = 10;

/**
 * The dead-letter stream of the queues in Redis. Looking hides nothing; redriving is one step, so wherever it is cut off there is
 * one copy of the job. `aheadMs`: how far Redis' clock is ahead of ours.
 */
export function redisDeadLetters(stream: RedisDeadLetters, aheadMs: number): DeadLetterQueue {
  let last = '';
  return {
    async receive() {
      const entries = await stream.list(last, BATCH);
      last = entries.at(-1)?.id ?? last;
      return entries.map((entry) => letterOf(entry, stream, aheadMs));
    },
    depth: stream.depth,
  };
}

function letterOf(entry: RedisDeadLetter, stream: RedisDeadLetters, aheadMs: number): DeadLetter {
  const { id, body, queue, receiveCount, queuedAtMs } = entry;
  return {
    id,
    body,
    ...readBody(body),
    queuedAtMs: Math.round(queuedAtMs - aheadMs),
    receiveCount,
    sourceQueue: queue || undefined,
    // Gone meanwhile means that someone else has dealt with it.
    redrive: async () => (await stream.redrive(id)) !== 'homeless',
    delete: () => stream.delete(id),
    release: async () => {},
  };
}
