import type { DeadLetterQueue } from './queue.ts';

/** Several dead-letter queues as one: each in its turn until it has no more. First those that never show a letter twice. */
export function together(...queues: readonly DeadLetterQueue[]): DeadLetterQueue {
  return {
    async receive() {
      for (const queue of queues) {
        const letters = await queue.receive();
        if (letters.length > 0) return letters;
      }
      return [];
    },
    async depth() {
      const depths = await Promise.all(queues.map((queue) => queue.depth()));
      return depths.reduce((sum, depth) => sum + depth, 0);
    },
  };
}
