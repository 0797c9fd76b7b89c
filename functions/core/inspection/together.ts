import type { DeadLetters, Inspection, QueueDepth } from '../ports/inspection.ts';
import { inspectedQueues } from './inspected-queues.ts';

/**
 * Several inspections as one: with backend=redis the queues are in Redis, and the feedback queue and its dead letters on SQS.
 * Dead letters are read from one after the other, so put first what is cheap to read and hides nothing.
 */
export function together(...inspections: readonly Inspection[]): Inspection {
  const all = inspections.map(({ deadLetters }) => deadLetters);
  return {
    depths: async () => inOrder((await Promise.all(inspections.map((one) => one.depths()))).flat()),
    deadLetters: {
      async count() {
        const counts = await Promise.all(all.map((one) => one.count()));
        return counts.reduce((sum, count) => sum + count, 0);
      },
      async *pages() {
        for (const one of all) yield* one.pages();
      },
      find: (id, signal) => findFirst(all, id, signal),
    },
  };
}

async function findFirst(all: readonly DeadLetters[], id: string, signal: AbortSignal | undefined) {
  for (const one of all) {
    const found = await one.find(id, signal);
    if (found) return found;
  }
  return undefined;
}

/** Depths in the order of the queues; those of one queue are added up. */
function inOrder(depths: readonly QueueDepth[]): QueueDepth[] {
  const byQueue = Map.groupBy(depths, ({ queue }) => queue);
  return inspectedQueues.flatMap((queue) => {
    const own = byQueue.get(queue);
    return own ? [own.reduce(sum)] : [];
  });
}

function sum(a: QueueDepth, b: QueueDepth): QueueDepth {
  const ages = [a, b].flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    queue: a.queue,
    waiting: a.waiting + b.waiting,
    running: a.running + b.running,
    delayed: a.delayed + b.delayed,
    ...(ages.length > 0 ? { oldestMs: Math.max(...ages) } : {}),
  };
}
