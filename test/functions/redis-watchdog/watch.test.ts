import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueState } from '../../../functions/adapters/metrics.ts';
import { type Exchange, LEASE_MS } from '../../../functions/adapters/redis/consumer.ts';
import { unavailable } from '../../../functions/core/errors.ts';
import type { Logger } from '../../../functions/core/ports/telemetry.ts';
import { runMinute, watchUntilDone } from '../../../functions/redis-watchdog/watch.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { bury, createDraining } from '../redis-consumer/consuming.ts';

const MINUTES_A_MONTH = 43_800;
/** Of Upstash's 500,000 free commands a month idling may take so many. */
const IDLE_COMMANDS_A_MONTH = 100_000;

const EVERYTHING: Exchange = {
  done: [],
  renewed: [],
  wanted: { transactional: 10, bulk: 10, webhook: 10, 'webhook-slow': 10 },
  beat: false,
  countBacklog: false,
};

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
    const reports: QueueState[] = [];
    const warnings: string[] = [];
    const log: Logger = { info: () => {}, warn: (message) => void warnings.push(message), error: () => {} };
    const run = (onSleep: () => Promise<unknown> = async () => {}, client = draining.client) =>
      runMinute({
        client,
        report: (state) => void reports.push(state),
        log,
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
    return { draining, reports, warnings, log, run, pass, now, sleep, elapsedMs: () => nowMs - startMs };
  };

  const commands = async () => {
    const { info, ping, 'config|resetstat': reset, ...stats } = await database.commandStats();
    return Object.values(stats).reduce((sum, count) => sum + count, 0);
  };

  it(`idles for less than ${IDLE_COMMANDS_A_MONTH} commands a month, those in scripts counted`, async () => {
    const { run } = create();
    // The first use of a process checks the eviction policy; the clock alone never gets that far.
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 100; minute++) await run();
    const aMonth = ((await commands()) / 100) * MINUTES_A_MONTH;
    console.info(`idle: ${aMonth} commands a month`);
    // As the README has it: two a minute.
    expect(aMonth).toBe(87_600);
    expect(aMonth).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('costs no more while emails are scheduled for later', async () => {
    const { draining, run } = create();
    for (let day = 1; day < 30; day++) await draining.send('x', { dueAtMs: Date.now() + day * 86_400_000 });
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 10; minute++) await run();
    expect(((await commands()) / 10) * MINUTES_A_MONTH).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('costs no more while dead letters wait for an operator, and tells of them each minute', async () => {
    const { draining, reports, run } = create();
    await bury(draining, database);
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 3; minute++) await run();
    expect(await commands()).toBe(6);
    expect(reports).toEqual([{ deadLetters: 1 }, { deadLetters: 1 }, { deadLetters: 1 }]);
  });

  it('tells how old the oldest job of each queue is while there is any, delivered or not', async () => {
    const { draining, reports, run, pass } = create();
    await draining.send('never taken');
    // Its stream's id is of Redis' own clock, which is not moved: the milliseconds until now are not told apart.
    pass(120_000);
    await draining.backend.broker.send([{ queue: 'bulk', job: { task: 'note', args: {}, attempt: 1 } }]);
    await run();
    const ages = new Map(reports[0]?.queues?.map(({ queue, ...age }) => [queue, age]));
    expect(ages.get('transactional')?.jobs).toBe(1);
    expect(ages.get('transactional')?.oldestMs).toBeGreaterThan(119_000);
    // The clock of this test moves on by sleeping, beside the question.
    expect(ages.get('transactional')?.oldestMs).toBeLessThan(130_000);
    expect(ages.get('webhook')).toEqual({ jobs: 0, oldestMs: 0 });
    expect(ages.get('bulk')?.jobs).toBe(1);
    await draining.queue().exchange({ ...EVERYTHING, done: [] });
    await run();
    expect(reports[1]?.queues).toMatchObject([{ queue: 'transactional', jobs: 1 }, {}, {}, {}]);
  });

  it('tells of a delayed job that is overdue and that no drainer came for', async () => {
    const { draining, reports, run, pass } = create();
    await draining.send('x', { dueAtMs: Date.now() + 3_600_000 });
    pass(3_600_000 + 600_000);
    await run();
    expect(reports[0]?.queues).toMatchObject([{ queue: 'transactional', jobs: 0 }, {}, {}, {}]);
    expect(reports[0]?.queues?.[0]?.oldestMs).toBeGreaterThanOrEqual(599_000);
  });

  it('rings all the same when it cannot be told how old jobs are', async () => {
    const { draining, reports, warnings, run, pass } = create();
    await draining.send('x');
    pass(LEASE_MS + 1);
    const stream = draining.client.keyOf('').replace(/doc:$/, 'webhook');
    await database.command('SET', stream, 'no stream');
    await run(async () => {
      await database.command('DEL', stream);
      if (draining.rings.length > 1) await draining.drain();
    });
    expect(draining.rings.length).toBeGreaterThan(1);
    expect([reports, warnings.length]).toEqual([[{ deadLetters: 0 }], 1]);
  });

  it('sees nothing old, and asks for nothing, once a drainer left in order', async () => {
    const { draining, reports, run } = create();
    await draining.send('x');
    await draining.drain();
    await run();
    expect(reports).toEqual([{ deadLetters: 0 }]);
  });

  it.each(['while it works', 'when it dies'])(
    'sees by its two commands that a queue holds something: a drainer leaves a mark %s',
    async (when) => {
      const { draining, reports, run, pass } = create();
      await draining.send('x');
      const queue = draining.queue('one');
      await queue.enter();
      await queue.exchange({ ...EVERYTHING, beat: true });
      if (when === 'when it dies') pass(3_600_000);
      await run();
      expect(reports[0]?.queues).toMatchObject([{ queue: 'transactional', jobs: 1 }, {}, {}, {}]);
    },
  );

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

  it.each(['firstTimer', 'glance', 'run'] as const)('goes on when Redis does not answer to %s', async (method) => {
    const { draining, warnings, run } = create();
    await draining.queue('killed').enter();
    let failures = 0;
    const ask = draining.client[method] as (...args: unknown[]) => Promise<unknown>;
    const fails = async (...args: unknown[]) => {
      if (++failures <= 2) throw unavailable('Redis is not available for the moment');
      return ask(...args);
    };
    let drained = false;
    const whenRung = async () => {
      if (drained || draining.rings.length === 0) return;
      drained = true;
      await draining.drain();
    };
    await run(whenRung, { ...draining.client, [method]: fails });
    expect(failures).toBeGreaterThan(2);
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(draining.rings).toHaveLength(1);
  });

  it('as a watcher lets the next drainer have one, when it has ended', async () => {
    const { draining, log, now, sleep } = create();
    const queue = draining.queue('one');
    expect([await queue.enter(), await draining.queue('two').enter()]).toEqual(['unwatched', 'entered']);
    await queue.leave();
    await draining.queue('two').leave();
    await watchUntilDone({ client: draining.client, log, now, sleep, endMs: now() + 62_000 });
    expect(await queue.enter()).toBe('unwatched');
  });

  it('as a watcher goes on for a drainer that came while it was about to end', async () => {
    const { draining, log, now, sleep } = create();
    const [first, second] = [draining.queue('first'), draining.queue('second')];
    await first.enter();
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
    expect(await watchUntilDone({ client, log, now, sleep, endMs: now() + 62_000 })).toBeGreaterThan(0);
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
