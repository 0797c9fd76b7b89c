import { describe, expect, it } from 'vitest';
import { addOrCreate } from '../../../../functions/core/document/add.ts';
import { createWriters, type Writer } from '../../../../functions/core/document/writers.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { repeatingTable } from '../../../helpers/repeating-table.ts';

const MINUTE_MS = 60_000;

function setUp() {
  const clock = { nowMs: 1_800_000_000_000 };
  const { table } = createMemoryBackend();
  const on = repeatingTable(table, () => true);
  const add = (writer: Writer) => addOrCreate(on, { key: 'sum', add: { count: 1 }, writer });
  const sum = async () => (await table.get<{ count: number }>('sum')) ?? { count: 0 };
  return { clock, now: () => clock.nowMs, add, sum };
}

describe('an addition that is repeated because its answer was lost', () => {
  it('is made once by a writer, also the one that creates the document', async () => {
    const { now, add, sum } = setUp();
    const asWriter = createWriters(now);
    for (const count of [1, 2, 3]) {
      await asWriter(add);
      expect(await sum()).toMatchObject({ count });
    }
  });

  it('is made once by each of many writers at the same time', async () => {
    const { now, add, sum } = setUp();
    const processes = Array.from({ length: 5 }, () => createWriters(now));
    await Promise.all(Array.from({ length: 40 }, (_, index) => processes[index % 5]?.(add)));
    expect((await sum()).count).toBe(40);
  });

  it('leaves no writers behind that are no longer at work: a document stays small', async () => {
    const { clock, now, add, sum } = setUp();
    for (let starts = 0; starts < 200; starts++) {
      await createWriters(now)(add);
      clock.nowMs += 10 * MINUTE_MS;
    }
    expect((await sum()).count).toBe(200);
    expect(Object.keys(await sum()).length).toBeLessThan(25);
  });
});

describe('the writer', () => {
  const one = (asWriter: ReturnType<typeof createWriters>) => asWriter(async (writer) => writer);

  it('of a process stays the same, with a greater number each time, whatever its clock does', async () => {
    const { clock, now } = setUp();
    const asWriter = createWriters(now);
    const first = await one(asWriter);
    clock.nowMs -= 1_000;
    await expect(asWriter(() => Promise.reject(new Error('no table')))).rejects.toThrow('no table');
    expect(await one(asWriter)).toEqual({ id: first.id, sequence: first.sequence + 2 });
    clock.nowMs += 5_000;
    expect(await one(asWriter)).toEqual({ id: first.id, sequence: clock.nowMs });
  });

  it('is another one while the first is at work, and after it was idle: its number may be forgotten', async () => {
    const { clock, now } = setUp();
    const asWriter = createWriters(now);
    const ids = await asWriter(async ({ id }) => [id, (await one(asWriter)).id]);
    expect(new Set(ids).size).toBe(2);
    clock.nowMs += 5 * MINUTE_MS;
    expect(ids).not.toContain((await one(asWriter)).id);
  });
});
