import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../../functions/adapters/redis-queue.ts';
import { wakeWhenDue, watchUntilDone } from '../../../functions/wake/wake.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../redis-database.ts';
import { createDraining } from '../drain/draining.ts';

const MINUTES_A_MONTH = 43_800;
/** Of Upstash's 500,000 free commands a month idling may take so many. */
const IDLE_COMMANDS_A_MONTH = 100_000;

describe.skipIf(!hasRedis)('the clock that rings', () => {
  let database: RedisDatabase;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());

  /** A deployment and runs of the clock, in a time that only sleeping moves. */
  const create = () => {
    let nowMs = Date.now();
    const draining = createDraining(database, () => nowMs);
    const startMs = nowMs;
    const run = (onSleep: () => Promise<unknown> = async () => {}) =>
      wakeWhenDue({
        client: draining.client,
        now: () => nowMs,
        sleep: async (ms) => {
          nowMs += ms;
          await onSleep();
        },
        endMs: nowMs + 62_000,
      });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    const now = () => nowMs;
    const sleep = async (ms: number) => pass(ms);
    return { draining, run, pass, now, sleep, elapsedMs: () => nowMs - startMs };
  };

  const commands = async () => {
    const { info, ping, ...stats } = await database.commandStats();
    return Object.values(stats).reduce((sum, count) => sum + count, 0);
  };

  it(`idles for less than ${IDLE_COMMANDS_A_MONTH} commands a month, those in scripts counted`, async () => {
    const { run } = create();
    // The first use of a process checks the eviction policy; the clock alone never gets that far.
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 100; minute++) await run();
    const aMonth = ((await commands()) / 100) * MINUTES_A_MONTH;
    console.info(`idle: ${aMonth} commands a month`);
    expect(aMonth).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('costs no more while emails are scheduled for later', async () => {
    const { draining, run } = create();
    for (let day = 1; day < 30; day++) await draining.send('x', { dueAtMs: Date.now() + day * 86_400_000 });
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 10; minute++) await run();
    expect(((await commands()) / 10) * MINUTES_A_MONTH).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('rings when a delayed job is due, to the second, and not before', async () => {
    const { draining, run, pass, elapsedMs } = create();
    const dueInMs = 3_600_000;
    await draining.send('x', { dueAtMs: Date.now() + dueInMs });
    let rungAtMs = 0;
    while (rungAtMs === 0 && elapsedMs() < 2 * dueInMs) {
      const startedAtMs = elapsedMs();
      await run(async () => {
        if (draining.rings.length > 0 && rungAtMs === 0) rungAtMs = elapsedMs();
      });
      pass(Math.max(0, startedAtMs + 60_000 - elapsedMs()));
    }
    expect(Math.abs(rungAtMs - dueInMs)).toBeLessThanOrEqual(1_500);
    expect(await draining.drain()).toMatchObject({ done: 1 });
  });

  it('rings when a drainer has not been heard of for its lease', async () => {
    const { draining, run, elapsedMs } = create();
    await draining.queue('killed').enter();
    let rungAtMs = 0;
    await run(async () => {
      if (draining.rings.length > 0 && rungAtMs === 0) {
        rungAtMs = elapsedMs();
        await draining.drain();
      }
    });
    expect(rungAtMs).toBeGreaterThanOrEqual(LEASE_MS);
    expect(rungAtMs).toBeLessThan(LEASE_MS + 2_000);
    expect(draining.rings).toHaveLength(1);
  });

  it('as a watcher lets the next drainer have one, when it has ended', async () => {
    const { draining, now, sleep } = create();
    const queue = draining.queue('one');
    await queue.enter();
    expect([await queue.needsWatcher(), await queue.needsWatcher()]).toEqual([true, false]);
    await queue.leave();
    await watchUntilDone({ client: draining.client, now, sleep, endMs: now() + 62_000 });
    expect(await queue.needsWatcher()).toBe(true);
  });

  it('as a watcher goes on for a drainer that came while it was about to end', async () => {
    const { draining, now, sleep } = create();
    const [first, second] = [draining.queue('first'), draining.queue('second')];
    await first.enter();
    await first.needsWatcher();
    await first.leave();
    let looks = 0;
    const client = {
      ...draining.client,
      firstTimer: async () => {
        const timer = await draining.client.firstTimer();
        // It has seen that nothing is left, and has not said so yet.
        if (++looks === 1) await second.enter();
        return timer;
      },
    };
    expect(await watchUntilDone({ client, now, sleep, endMs: now() + 62_000 })).toBeGreaterThan(0);
    expect(draining.rings.length).toBeGreaterThan(0);
  });

  it('does not ring while a drainer says that it is alive', async () => {
    const { draining, run } = create();
    const queue = draining.queue('alive');
    await queue.enter();
    await run(async () => void (await queue.enter('alive')));
    expect(draining.rings).toEqual([]);
  });
});
