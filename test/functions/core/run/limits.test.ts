import { describe, expect, it } from 'vitest';
import { createPermits } from '../../../../functions/core/run/limit/permits.ts';
import { createTaskLimits, perSecondOf } from '../../../../functions/core/run/limit/task-limits.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { createSimulatedTime } from '../../../helpers/simulated-time.ts';
import { createRandom, type LimitResult, simulateLimits, utilization } from './limit-simulation.ts';

const NOTHING = { info: () => {}, warn: () => {}, error: () => {} };

/** Random lengths around a mean: many short ones and a few long ones. */
const exponential = (meanMs: number) => {
  const random = createRandom(3);
  return () => Math.round(-meanMs * Math.log(1 - 0.999 * random()));
};

const show = (name: string, runs: number, { postponed, mostPostponedInASecond, writes, mostAtOnce }: LimitResult) =>
  console.info(
    `${name}: most at once ${mostAtOnce}, ${(postponed / runs).toFixed(1)} messages of waiting a run ` +
      `(at most ${mostPostponedInASecond}/s), ${(writes / runs).toFixed(1)} writes a run`,
  );

describe('the concurrency of a task', () => {
  it.each([
    { name: 'runs of 1 s', lengthMs: () => 1_000, waiting: 50 },
    { name: 'runs of 2 s on average', lengthMs: exponential(2_000), waiting: 100 },
    { name: 'runs of a minute on average', lengthMs: exponential(60_000), waiting: 60 },
  ])(
    'of 5 keeps 90 % of them busy while others wait, never 6, with 20 functions: $name',
    async ({ name, lengthMs, waiting }) => {
      const result = await simulateLimits({ task: { concurrency: 5 }, runs: 5 + waiting, lengthMs });
      const busy = utilization(result, 5, 5);
      show(`${name}: ${(100 * busy).toFixed(1)} % busy`, 5 + waiting, result);
      expect(result.runs).toHaveLength(5 + waiting);
      expect(result.mostAtOnce).toBe(5);
      expect(busy).toBeGreaterThanOrEqual(0.9);
    },
  );

  it('of 1 lets one run at a time, and each gets its turn', async () => {
    const result = await simulateLimits({ task: { concurrency: 1 }, runs: 50, lengthMs: exponential(5_000) });
    show(`one at a time: ${(100 * utilization(result, 1, 1)).toFixed(1)} % busy`, 50, result);
    expect([result.runs.length, result.mostAtOnce]).toEqual([50, 1]);
  });

  it('comes back after crashes: a permit lapses with its lease', async () => {
    const crashes = (run: number) => run % 3 === 0;
    const result = await simulateLimits({ task: { concurrency: 3 }, runs: 30, lengthMs: () => 1_000, crashes });
    expect(result.runs).toHaveLength(30);
    expect(result.mostAtOnce).toBeLessThanOrEqual(3);
  });

  it('above 100 uses several documents, and no permit beyond the number', async () => {
    const { table } = createMemoryBackend();
    const dependencies = { table, now: Date.now, random: Math.random, wait: async () => {}, log: NOTHING };
    const permits = createPermits('a.task', dependencies);
    const leaseUntilMs = Date.now() + 60_000;
    for (let taken = 0; taken < 130; taken++) expect(await permits.take(130, leaseUntilMs)).toBeDefined();
    expect(Object.keys((await table.get('run-permits#a.task')) ?? {})).toHaveLength(100);
    expect(Object.keys((await table.get('run-permits#a.task#1')) ?? {})).toHaveLength(30);
  });

  it('is never exceeded though a machine is a second ahead: a lease that ended just now still counts', async () => {
    const { table } = createMemoryBackend();
    let nowMs = Date.now();
    const waited = async (ms: number) => {
      nowMs += ms;
    };
    const create = (skewMs: number) =>
      createPermits('a.task', { table, now: () => nowMs + skewMs, random: () => 0, wait: waited, log: NOTHING });
    const [behind, ahead] = [create(-1_000), create(1_000)];
    const held = await behind.take(1, nowMs - 1_000 + 30_000);
    nowMs += 28_500;
    // By the clock of the one ahead the lease has ended; by its holder's it has 500 ms left, and is renewed.
    const taking = ahead.take(1, nowMs + 60_000);
    await held?.renew?.(nowMs + 60_000);
    expect(await taking).toBeUndefined();
  });

  it('that was lost to a lapsed lease is not given back by its former holder', async () => {
    const { table } = createMemoryBackend();
    let nowMs = Date.now();
    const permits = () =>
      createPermits('a.task', { table, now: () => nowMs, random: () => 0, wait: async () => {}, log: NOTHING });
    const lapsed = await permits().take(1, nowMs + 1_000);
    nowMs += 10_000;
    const other = await permits().take(1, nowMs + 50_000);
    await lapsed?.release();
    expect(other).toBeDefined();
    expect(await table.get('run-permits#a.task')).toMatchObject({ p0: nowMs + 50_000 });
  });

  it('is free again when a release could not be written: after the lease', async () => {
    const backend = createMemoryBackend();
    const warnings: string[] = [];
    const log = { ...NOTHING, warn: (message: string) => void warnings.push(message) };
    let fails = false;
    const update: typeof backend.table.update = async (...args) => {
      if (fails) throw new Error('no answer');
      return backend.table.update(...args);
    };
    const table = { ...backend.table, update };
    const permits = createPermits('a.task', { table, now: Date.now, random: () => 0, wait: async () => {}, log });
    const permit = await permits.take(1, Date.now() + 1_000);
    fails = true;
    await permit?.release();
    expect(warnings).toEqual(['a permit could not be written; it is free when its lease ends']);
  });
});

describe('the rate of a task', () => {
  const most = (runs: LimitResult['runs'], windowMs: number) =>
    Math.max(
      ...runs.map(
        ({ beganMs: fromMs }) => runs.filter(({ beganMs }) => beganMs >= fromMs && beganMs < fromMs + windowMs).length,
      ),
    );

  it('of 20 a second lets 2,000 waiting runs begin at 90 % of it or more and never above, each with about one message', async () => {
    const result = await simulateLimits({
      task: { rateLimit: { perSecond: 20 } },
      runs: 2_000,
      lengthMs: () => 50,
      skewMs: 0,
    });
    const perSecond = (1_000 * 2_000) / (result.runs.at(-1)?.beganMs ?? 0);
    show(`20 a second: ${perSecond.toFixed(1)} a second`, 2_000, result);
    expect(perSecond).toBeGreaterThan(18);
    expect(most(result.runs, 10_000)).toBeLessThanOrEqual(201);
    expect(result.postponed / 2_000).toBeLessThan(1.5);
    expect(result.mostPostponedInASecond).toBeLessThan(20);
  });

  it('of 1 a second with a backlog of 10,000: they come back at the rate, or after half an hour, not every few seconds', async () => {
    const result = await simulateLimits({
      task: { rateLimit: { perSecond: 1 } },
      runs: 10_000,
      lengthMs: () => 50,
      untilMs: 3_600_000,
    });
    show(`1 a second: ${result.runs.length} runs in an hour`, 10_000, result);
    expect(result.runs.length).toBeGreaterThan(3_200);
    expect(result.postponed).toBeLessThan(25_000);
    expect(result.mostPostponedInASecond).toBeLessThan(40);
  });

  it('of 10 a minute spaces the runs evenly', async () => {
    const result = await simulateLimits({
      task: { rateLimit: { perMinute: 10 } },
      runs: 30,
      lengthMs: () => 50,
      skewMs: 0,
    });
    expect(most(result.runs, 60_000)).toBeLessThanOrEqual(10);
    expect(result.runs.at(-1)?.beganMs).toBeLessThan(30 * 6_000 * 1.15);
  });

  it('and the concurrency hold together; a permit is given back when there is no slot', async () => {
    const task = { rateLimit: { perSecond: 5 }, concurrency: 3 };
    const result = await simulateLimits({ task, runs: 100, lengthMs: () => 400, skewMs: 0 });
    expect(result.mostAtOnce).toBeLessThanOrEqual(3);
    expect(most(result.runs, 10_000)).toBeLessThanOrEqual(51);
    expect((1_000 * 100) / (result.runs.at(-1)?.beganMs ?? 0)).toBeGreaterThan(4);
  });

  it('takes one write while it is not used up', async () => {
    const time = createSimulatedTime();
    const { table } = createMemoryBackend({ now: time.now });
    let writes = 0;
    const update: typeof table.update = (...args) => {
      writes++;
      return table.update(...args);
    };
    const limits = createTaskLimits({
      table: { ...table, update },
      now: time.now,
      random: Math.random,
      wait: time.wait,
      log: NOTHING,
    });
    const task = { name: 'a.task', rateLimit: { perSecond: 10 } };
    const attempt = { attemptId: 'x', leaseUntilMs: time.now() + 60_000 };
    await limits.take(task, attempt);
    writes = 0;
    for (let run = 0; run < 10; run++) {
      time.skip(200);
      expect(await limits.take(task, attempt)).toHaveProperty('release');
    }
    expect(writes).toBe(10);
  });

  it('is given in seconds, minutes or hours', () => {
    expect([perSecondOf({ perSecond: 0.5 }), perSecondOf({ perMinute: 30 }), perSecondOf({ perHour: 1_800 })]).toEqual([
      0.5, 0.5, 0.5,
    ]);
  });
});
