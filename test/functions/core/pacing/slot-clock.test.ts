import { describe, expect, it } from 'vitest';
import { createSlotClock } from '../../../../functions/core/pacing/slot-clock.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { createSimulatedTime } from '../../../helpers/simulated-time.ts';

const RATE = 14;
/** The length of one recipient, with the margin of 2 %. */
const SLOT_MS = 1_000 / (RATE * 0.98);
const HORIZON_MS = 5_000;

function setUp() {
  const time = createSimulatedTime();
  const { table } = createMemoryBackend({ now: time.now });
  /** A worker whose clock is ahead. */
  const worker = (aheadMs = 0) => createSlotClock(table, 'test', () => time.now() + aheadMs);
  return { time, table, worker };
}

/** The start of a reservation that was not refused. */
async function start(reserving: ReturnType<ReturnType<typeof createSlotClock>['reserve']>): Promise<number> {
  const { startMs } = await reserving;
  if (startMs === undefined) throw new Error('refused');
  return startMs;
}

describe('the slot clock', () => {
  it('begins now, and gives what follows the time after it', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    expect(await start(clock.reserve(1, RATE, HORIZON_MS))).toBe(time.now());
    expect((await start(clock.reserve(3, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(SLOT_MS, 2);
    expect((await start(clock.reserve(1, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(4 * SLOT_MS, 2);
  });

  it('gives 50 workers that ask at the same moment 50 different slots without a gap', async () => {
    const { time, worker } = setUp();
    const starts = await Promise.all(Array.from({ length: 50 }, () => start(worker().reserve(1, RATE, HORIZON_MS))));
    const inOrder = starts.toSorted((a, b) => a - b);
    for (const [index, startMs] of inOrder.entries()) expect(startMs - time.now()).toBeCloseTo(index * SLOT_MS, 1);
  });

  it('saves no unused time: after a break the next slot begins now', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    await clock.reserve(1, RATE, HORIZON_MS);
    time.skip(60_000);
    expect(await start(clock.reserve(1, RATE, HORIZON_MS))).toBe(time.now());
    expect((await start(clock.reserve(1, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(SLOT_MS, 2);
  });

  it('refuses what would begin after the horizon, and tells from when nothing is reserved', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    await clock.reserve(RATE * 2, RATE, HORIZON_MS);
    const refused = await clock.reserve(1, RATE, 500);
    expect(refused).toEqual({ freeAtMs: expect.closeTo(time.now() + 2_000 / 0.98, 1) });
    expect((await start(clock.reserve(1, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(2_000 / 0.98, 1);
  });

  it('does not keep the time of a machine that is hours ahead', async () => {
    const { time, worker } = setUp();
    const right = worker();
    await right.reserve(1, RATE, HORIZON_MS);
    await worker(3 * 3_600_000).reserve(1, RATE, HORIZON_MS);
    expect(await start(right.reserve(1, RATE, HORIZON_MS))).toBe(time.now());
    expect((await start(worker().reserve(1, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(SLOT_MS, 2);
  });

  it('keeps the time of an email to 50 recipients at the slowest pace', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    await clock.reserve(50, 1, HORIZON_MS);
    expect(await worker().reserve(1, 1, HORIZON_MS)).toEqual({
      freeAtMs: expect.closeTo(time.now() + 50_000 / 0.98, 1),
    });
  });

  it('loses no time by a worker whose clock is a quarter second off', async () => {
    const { worker } = setUp();
    const workers = [worker(250), worker(), worker(-250)];
    const lengths: number[] = [];
    for (let round = 0; round < 10; round++) {
      for (const clock of workers) lengths.push(await start(clock.reserve(1, RATE, HORIZON_MS)));
    }
    const gaps = lengths.slice(1).map((startMs, index) => startMs - (lengths[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(SLOT_MS - 0.01);
  });

  it('slows down for a minute after a throttle, once for all that see it, and recovers in steps', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    const lengthNow = async () => {
      time.skip(10_000);
      const { lengthMs } = (await clock.reserve(1, RATE, HORIZON_MS)) as { lengthMs: number };
      return lengthMs / SLOT_MS;
    };
    await clock.reserve(1, RATE, HORIZON_MS);
    await Promise.all([clock, worker(), worker()].map((one) => one.slowDown()));
    // The pause.
    expect((await start(clock.reserve(1, RATE, HORIZON_MS))) - time.now()).toBeCloseTo(SLOT_MS + 1_000, 1);
    expect(await lengthNow()).toBeCloseTo(1 / 0.8, 5);
    time.skip(40_000);
    expect(await lengthNow()).toBeCloseTo(1 / 0.85, 5);
    expect(await lengthNow()).toBeCloseTo(1 / 0.95, 5);
    expect(await lengthNow()).toBeCloseTo(1, 5);
  });

  it('slows down although many turns are reserved already', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    await clock.reserve(RATE * 4, RATE, HORIZON_MS);
    await clock.slowDown();
    expect(await clock.reserve(1, RATE, 500)).toEqual({
      freeAtMs: expect.closeTo(time.now() + 4_000 / 0.98 + 1_000, 1),
    });
    time.skip(10_000);
    await clock.reserve(1, RATE, HORIZON_MS);
    const { lengthMs } = (await clock.reserve(1, RATE, HORIZON_MS)) as { lengthMs: number };
    expect(lengthMs).toBeCloseTo(SLOT_MS / 0.8, 5);
  });

  it('is no slower than a tenth of the rate, however often it is throttled', async () => {
    const { time, worker } = setUp();
    const clock = worker();
    await clock.reserve(1, RATE, HORIZON_MS);
    for (let times = 0; times < 30; times++) {
      await clock.slowDown();
      time.skip(1_500);
    }
    time.skip(10_000);
    const { lengthMs } = (await clock.reserve(1, RATE, HORIZON_MS)) as { lengthMs: number };
    expect(lengthMs).toBeCloseTo(SLOT_MS * 10, 5);
  });
});
