import { describe, expect, it } from 'vitest';
import { together } from '../../../../functions/core/inspection/together.ts';
import type { HeldDeadLetter, Inspection, QueueDepth } from '../../../../functions/core/ports/inspection.ts';

const letter = (id: string) => ({ id, body: id }) as HeldDeadLetter;
const depth = (queue: QueueDepth['queue'], waiting: number, more = {}): QueueDepth => ({
  queue,
  waiting,
  running: 1,
  delayed: 2,
  ...more,
});

/** An inspection of these depths and dead letters, and a list of what was asked of it. */
function fake(depths: QueueDepth[], ids: readonly string[], log: string[] = []): Inspection {
  return {
    depths: async () => depths,
    deadLetters: {
      count: async () => ids.length,
      async *pages() {
        try {
          for (const id of ids) {
            log.push(id);
            yield [letter(id)];
          }
        } finally {
          log.push('end');
        }
      },
      find: async (id) => {
        log.push(`find ${id}`);
        return ids.includes(id) ? letter(id) : undefined;
      },
    },
  };
}

describe('inspections together', () => {
  it('show their queues in one order, and add up those that both have', async () => {
    const redis = fake([depth('bulk', 1), depth('transactional', 2, { oldestMs: 7 }), depth('dead letters', 3)], []);
    const sqs = fake([depth('dead letters', 4), depth('feedback', 5)], []);
    expect(await together(redis, sqs).depths()).toEqual([
      depth('transactional', 2, { oldestMs: 7 }),
      depth('bulk', 1),
      depth('feedback', 5),
      { queue: 'dead letters', waiting: 7, running: 2, delayed: 4 },
    ]);
  });

  it('tell the older of two ages', async () => {
    const both = together(fake([depth('bulk', 0, { oldestMs: 1 })], []), fake([depth('bulk', 0, { oldestMs: 9 })], []));
    expect((await both.depths())[0]?.oldestMs).toBe(9);
  });

  it('have all dead letters of each, one after the other', async () => {
    const { deadLetters } = together(fake([], ['a', 'b']), fake([], []), fake([], ['c']));
    const pages: string[][] = [];
    for await (const page of deadLetters.pages()) pages.push(page.map(({ id }) => id));
    expect([pages, await deadLetters.count()]).toEqual([[['a'], ['b'], ['c']], 3]);
  });

  it('end the one that is being read when the loop is left, and read no other', async () => {
    const log: string[] = [];
    const { deadLetters } = together(fake([], ['a', 'b'], log), fake([], ['c'], log));
    for await (const _ of deadLetters.pages()) break;
    expect(log).toEqual(['a', 'end']);
  });

  it('look for a dead letter in each until it is found', async () => {
    const log: string[] = [];
    const { deadLetters } = together(fake([], ['a'], log), fake([], ['b'], log), fake([], ['c'], log));
    expect((await deadLetters.find('b'))?.id).toBe('b');
    expect(await deadLetters.find('x')).toBeUndefined();
    expect(log).toEqual(['find b', 'find b', 'find x', 'find x', 'find x']);
  });
});
