import { describe, expect, it, vi } from 'vitest';
import {
  createMemoryBudget,
  type MemoryBudget,
  type Room,
} from '../../../../../functions/core/email/send/memory-budget.ts';
import { Postponed } from '../../../../../functions/core/task/task.ts';

const LARGE = 10_000_000;
const SMALL = 900_000;
const FOREVER = Number.MAX_SAFE_INTEGER;

/** Acquires and says which of them have begun. */
function createQueue(budget: MemoryBudget) {
  const begun: string[] = [];
  const rooms = new Map<string, Room>();
  return {
    begun,
    ask: async (name: string, bytes: number) => {
      const room = await budget.acquire(bytes, Date.now() + 60_000);
      begun.push(name);
      rooms.set(name, room);
    },
    shrink: async (name: string, bytes: number) => rooms.get(name)?.shrinkTo(bytes),
    end: async (name: string) => rooms.get(name)?.release(),
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the memory budget', () => {
  it.each([
    [384, 1],
    [512, 2],
    [1_024, 6],
    [3_008, 24],
  ])(
    'of %i MB lets %i emails of 10 MB begin, the next ones when another ends, in their order',
    async (memoryMb, count) => {
      const { begun, ask, end } = createQueue(createMemoryBudget(memoryMb));
      const names = Array.from({ length: count + 3 }, (_, index) => `large ${index}`);
      const all = Promise.all(names.map((name) => ask(name, LARGE)));
      await settled();
      expect(begun).toEqual(names.slice(0, count));
      for (const name of names) {
        await end(name);
        await settled();
      }
      await all;
      expect(begun).toEqual(names);
    },
  );

  it('lets small emails pass large ones, and those of a usual size pass all', async () => {
    const { begun, ask } = createQueue(createMemoryBudget(384));
    for (const name of ['large 1', 'large 2']) void ask(name, LARGE);
    for (const name of ['small 1', 'small 2', 'small 3', 'small 4', 'small 5', 'small 6']) void ask(name, SMALL);
    void ask('usual', 32 * 1024);
    await settled();
    expect(begun).toEqual(expect.arrayContaining(['large 1', 'small 1', 'small 2', 'small 3', 'small 4', 'usual']));
    expect(begun).not.toContain('large 2');
    // All of them together would take the memory, too.
    expect(begun).not.toContain('small 6');
  });

  it('keeps the order: a later one that would fit does not pass the first', async () => {
    const { begun, ask, end } = createQueue(createMemoryBudget(512));
    void ask('a', LARGE);
    void ask('b', LARGE / 2);
    void ask('c', LARGE);
    void ask('d', 1_100_000);
    await settled();
    expect(begun).toEqual(['a', 'b']);
    await end('a');
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets one run alone, however little memory there is', async () => {
    const { begun, ask, end } = createQueue(createMemoryBudget(128));
    for (const [name, bytes] of [
      ['large 1', LARGE],
      ['large 2', LARGE],
      ['small 1', SMALL],
      ['small 2', SMALL],
    ] as const)
      void ask(name, bytes);
    await settled();
    expect(begun).toEqual(['large 1', 'small 1']);
    await end('large 1');
    await end('large 1');
    await settled();
    expect(begun).toEqual(['large 1', 'small 1', 'large 2']);
  });

  it('counts a message by its size as soon as that is known', async () => {
    const { begun, ask, shrink } = createQueue(createMemoryBudget(384));
    void ask('by URL', LARGE);
    void ask('next', 4_000_000);
    await settled();
    expect(begun).toEqual(['by URL']);
    await shrink('by URL', 100_000);
    await settled();
    expect(begun).toEqual(['by URL', 'next']);
  });

  it('postpones a job for which there is no memory in time, and the next one takes its turn', async () => {
    vi.useFakeTimers();
    try {
      const budget = createMemoryBudget(512, Date.now, () => 0.5);
      await budget.acquire(LARGE, FOREVER);
      const late = budget.acquire(LARGE * 1.5, Date.now() + 1_000);
      const next = budget.acquire(LARGE / 2, Date.now() + 60_000);
      const refused = expect(late).rejects.toMatchObject({ name: 'Postponed', delaySeconds: 12.5 });
      await vi.advanceTimersByTimeAsync(1_000);
      await refused;
      await next;
    } finally {
      vi.useRealTimers();
    }
  });

  it('postpones at once when many wait: other jobs need the places of a consumer', async () => {
    const budget = createMemoryBudget(384);
    const first = await budget.acquire(LARGE, FOREVER);
    const waiting = Array.from({ length: 20 }, () => budget.acquire(LARGE, Date.now() + 60_000));
    await expect(budget.acquire(LARGE, FOREVER)).rejects.toBeInstanceOf(Postponed);
    first.release();
    for (const one of waiting) (await one).release();
  });
});
