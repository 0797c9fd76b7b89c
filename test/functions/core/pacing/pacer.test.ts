import { describe, expect, it } from 'vitest';
import { createPacer, type Pacer, type PacerDependencies } from '../../../../functions/core/pacing/pacer.ts';
import { createSlotClock, type SlotClock } from '../../../../functions/core/pacing/slot-clock.ts';
import { Postponed } from '../../../../functions/core/task/task.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { randomFrom } from '../../../helpers/random-text.ts';
import { createSimulatedTime } from '../../../helpers/simulated-time.ts';

const RATE = 14;

function setUp(options: Partial<Pick<PacerDependencies, 'rate' | 'random'>> = {}) {
  const time = createSimulatedTime();
  const { now, wait, run } = time;
  const startMs = now();
  const { table } = createMemoryBackend({ now });
  const reservations: number[] = [];
  const refusals: number[] = [];
  const counted = (clock: SlotClock): SlotClock => ({
    ...clock,
    reserve: async (recipients, ...more) => {
      const reservation = await clock.reserve(recipients, ...more);
      (reservation.startMs === undefined ? refusals : reservations).push(recipients);
      return reservation;
    },
  });
  const pacer = (): Pacer =>
    createPacer({
      clock: counted(createSlotClock(table, 'test', now)),
      rate: async () => RATE,
      now,
      random: () => 0.5,
      wait,
      ...options,
    });
  const inMs = (ms: number) => startMs + ms;
  /** Takes a turn as a worker does that prepares for `prepareMs`; answers when it was its time, in ms from the start. */
  const send = async (by: Pacer, queue: 'transactional' | 'bulk', { recipients = 1, prepareMs = 10 } = {}) => {
    const turn = await by.reserve(queue, recipients, inMs(3_600_000));
    await wait(prepareMs);
    await by.arrive(turn, inMs(3_600_000));
    return now() - startMs;
  };
  return { time, run, now, wait, table, reservations, refusals, pacer, inMs, send };
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('the pacer', () => {
  it('keeps the rate with 50 workers, in recipients', async () => {
    const { run, pacer, send } = setUp();
    const sent = await run(
      Promise.all(
        times(50, async (worker) => {
          const own = pacer();
          const all: { atMs: number; recipients: number }[] = [];
          for (let count = 0; count < 10; count++) {
            const recipients = 1 + ((worker + count) % 3);
            all.push({ atMs: await send(own, 'bulk', { recipients }), recipients });
          }
          return all;
        }),
      ).then((all) => all.flat()),
    );
    const recipients = sent.reduce((sum, one) => sum + one.recipients, 0);
    const seconds = Math.max(...sent.map(({ atMs }) => atMs)) / 1_000;
    expect(recipients / seconds).toBeGreaterThan(RATE * 0.95);
    expect(recipients / seconds).toBeLessThan(RATE);
    // No second has more than the rate, and the email that overdraws it.
    for (const { atMs } of sent) {
      const within = sent.filter((one) => one.atMs > atMs - 1_000 && one.atMs <= atMs);
      expect(within.reduce((sum, one) => sum + one.recipients, 0)).toBeLessThanOrEqual(RATE + 3);
    }
  });

  it('shares a reservation among the emails of one moment, for at most 0.35 s of the rate', async () => {
    const { run, pacer, send, reservations } = setUp();
    const own = pacer();
    const sent = await run(Promise.all(times(10, () => send(own, 'transactional'))));
    expect(reservations).toEqual([4, 4, 2]);
    for (const [index, atMs] of sent.entries())
      expect(Math.abs(atMs - index * (1_000 / (RATE * 0.98)))).toBeLessThan(20);
  });

  it('gives an email with more recipients than that a turn of its own', async () => {
    const { run, pacer, send, reservations } = setUp();
    const own = pacer();
    await run(Promise.all([50, 1, 1].map((recipients) => send(own, 'transactional', { recipients }))));
    expect(reservations).toEqual([50, 2]);
  });

  it('lets transactional email go before bulk: it waits about the horizon of bulk', async () => {
    const { run, pacer, send, wait, now, inMs } = setUp();
    const bulk = Promise.all(
      times(20, async () => {
        const own = pacer();
        for (let count = 0; count < 20; count++) await send(own, 'bulk');
      }),
    );
    const own = pacer();
    const waits: number[] = [];
    const transactional = (async () => {
      for (let count = 0; count < 20; count++) {
        await wait(1_000);
        const askedMs = now() - inMs(0);
        waits.push((await send(own, 'transactional')) - askedMs);
      }
    })();
    await run(Promise.all([bulk, transactional]));
    expect(Math.max(...waits)).toBeLessThan(1_000);
  });

  it('makes few writes when many workers wait: the wait after a refusal doubles', async () => {
    const { run, pacer, send, reservations, refusals } = setUp({ random: randomFrom(1) });
    const workers = times(50, () => pacer());
    const sent = await run(Promise.all(workers.map((own) => send(own, 'bulk'))));
    expect(reservations).toHaveLength(50);
    expect(refusals.length / (Math.max(...sent) / 1_000)).toBeLessThan(100);
  });

  it('answers a turn in time for what must be done first, and earlier when that takes long', async () => {
    const { run, pacer, now, inMs, wait } = setUp();
    const own = pacer();
    const ahead: number[] = [];
    await run(
      (async () => {
        for (let count = 0; count < 60; count++) {
          await own.reserve('transactional', RATE, inMs(3_600_000));
          const turn = await own.reserve('transactional', 1, inMs(3_600_000));
          ahead.push(turn.startMs - now());
          await wait(400);
          await own.arrive(turn, inMs(3_600_000));
        }
      })(),
    );
    expect(ahead[0]).toBeCloseTo(60, 0);
    expect(ahead.at(-1)).toBeGreaterThan(400);
  });

  it('takes another turn for an email that is not ready at its time', async () => {
    const { run, pacer, send, reservations } = setUp();
    const own = pacer();
    expect(await run(send(own, 'transactional', { prepareMs: 100 }))).toBe(100);
    expect(reservations).toEqual([1]);
    await run(send(own, 'transactional', { prepareMs: 5_000 }));
    expect(reservations).toEqual([1, 1, 1]);
  });

  it('forms no burst after a freeze', async () => {
    const { time, run, pacer, inMs } = setUp();
    const own = pacer();
    const turns = await run(Promise.all(times(20, () => own.reserve('transactional', 1, inMs(60_000)))));
    time.skip(10_000);
    const arrived: number[] = [];
    await run(Promise.all(turns.map((turn) => own.arrive(turn, inMs(60_000)).then(() => arrived.push(time.now())))));
    const spanMs = (arrived.at(-1) ?? 0) - (arrived[0] ?? 0);
    expect(spanMs).toBeGreaterThan((19 * 1_000) / RATE);
  });

  it('postpones what cannot have a turn in time, without an attempt', async () => {
    const { time, run, pacer, now, inMs, reservations } = setUp();
    const own = pacer();
    const asked = Promise.allSettled(times(100, () => own.reserve('bulk', 1, inMs(2_000))));
    const outcomes = await run(asked);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reservations.reduce((sum, one) => sum + one, 0)).toBe(100 - refused.length);
    expect(100 - refused.length).toBeGreaterThan(RATE * 2 * 0.9);
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(Postponed);
      expect(reason.delaySeconds).toBe(7.5);
    }
    expect(now()).toBeLessThanOrEqual(inMs(2_000));
    expect(own.isLimiting()).toBe(true);
    // When nobody asks any more, nobody is told that there is room.
    time.skip(10_000);
    expect(own.isLimiting()).toBe(false);
  });

  it('gives no turn that begins after the end of the function', async () => {
    const { run, pacer, inMs } = setUp();
    const own = pacer();
    await run(own.reserve('transactional', RATE * 3, inMs(60_000)));
    await expect(run(own.reserve('transactional', 1, inMs(1_000)))).rejects.toBeInstanceOf(Postponed);
    await expect(run(own.reserve('transactional', 1, inMs(-1)))).rejects.toBeInstanceOf(Postponed);
    expect((await run(own.reserve('transactional', 1, inMs(10_000)))).startMs).toBeGreaterThan(inMs(3_000));
  });

  it('postpones all while nothing may be sent, and asks again for the next', async () => {
    const held = new Postponed('paused', 60);
    let answer: () => Promise<number> = async () => Promise.reject(held);
    const { run, pacer, inMs } = setUp({ rate: () => answer() });
    const own = pacer();
    const outcomes = await run(Promise.allSettled(times(3, () => own.reserve('bulk', 1, inMs(1_000)))));
    expect(outcomes).toEqual(times(3, () => ({ status: 'rejected', reason: held })));
    answer = async () => RATE;
    expect((await run(own.reserve('bulk', 1, inMs(1_000)))).startMs).toBe(inMs(0));
  });

  it('gives no turn when its clock cannot be reached', async () => {
    const down = new Error('down');
    const clock = { reserve: () => Promise.reject(down), slowDown: () => Promise.reject(down) };
    const { now, wait, run, inMs } = setUp();
    const own = createPacer({ clock, rate: async () => RATE, now, random: Math.random, wait });
    await expect(run(own.reserve('bulk', 1, inMs(1_000)))).rejects.toBe(down);
  });

  it('lets an email go that has had its turn although nothing may be sent since: the provider decides', async () => {
    let answer: () => Promise<number> = async () => RATE;
    const { run, pacer, inMs, time } = setUp({ rate: () => answer() });
    const own = pacer();
    const turn = await run(own.reserve('bulk', 1, inMs(60_000)));
    answer = async () => Promise.reject(new Postponed('paused', 60));
    time.skip(10_000);
    const outcomes = await run(
      Promise.allSettled([own.reserve('bulk', 1, inMs(60_000)), own.arrive(turn, inMs(60_000))]),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('lets an email that has had its turn go before others', async () => {
    const { run, pacer, now, inMs, time } = setUp();
    const own = pacer();
    const turn = await run(own.reserve('bulk', 1, inMs(60_000)));
    time.skip(10_000);
    const others = times(60, () => own.reserve('bulk', 1, inMs(60_000)).then(() => now()));
    const late = own.arrive(turn, inMs(60_000)).then(() => now());
    const [lateMs = 0, ...othersMs] = await run(Promise.all([late, ...others]));
    expect(othersMs.filter((atMs) => atMs < lateMs).length).toBeLessThan(20);
  });

  it('keeps a turn as long as its recipients take: at 1 a second no slot is wasted by a slow start', async () => {
    const { run, pacer, send, reservations } = setUp({ rate: async () => 1 });
    expect(await run(send(pacer(), 'transactional', { prepareMs: 900 }))).toBe(900);
    expect(reservations).toEqual([1]);
  });

  it('waits for another turn after a throttle, and lowers the pace', async () => {
    const { run, pacer, now, inMs } = setUp();
    const own = pacer();
    const turn = await run(own.reserve('transactional', 1, inMs(30_000)));
    await run(own.arrive(turn, inMs(30_000)));
    await run(own.afterThrottle(turn, inMs(30_000)));
    expect(now()).toBeGreaterThanOrEqual(inMs(1_000));
    expect(now()).toBeLessThan(inMs(1_200));
  });

  it('is not limiting once an email has its turn', async () => {
    const { run, pacer, inMs } = setUp();
    const own = pacer();
    expect(own.isLimiting()).toBe(false);
    await run(Promise.all(times(20, () => own.reserve('bulk', 1, inMs(60_000)))));
    expect(own.isLimiting()).toBe(false);
  });
});

it('leaves gathered emails their turns although one core composes them one after the other', async () => {
  const taken = async (queue: 'transactional' | 'bulk') => {
    const { run, pacer, send, reservations } = setUp({ rate: async () => 3_000 });
    const own = pacer();
    await run(Promise.all(times(40, (index) => send(own, queue, { prepareMs: 6 * (index + 1) }))));
    return reservations.reduce((sum, recipients) => sum + recipients);
  };
  expect(await taken('bulk')).toBe(40);
  // Others come too late for theirs, and take another one.
  expect(await taken('transactional')).toBeGreaterThan(50);
});
