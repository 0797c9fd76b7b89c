import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueState } from '../../../functions/adapters/metrics.ts';
import { createRedisBackend } from '../../../functions/adapters/redis/backend.ts';
import type { Exchange } from '../../../functions/adapters/redis/consumer.ts';
import { removeConsumers } from '../../../functions/adapters/redis/operations.ts';
import { LEASE_MS } from '../../../functions/adapters/redis/times.ts';
import { createClockKeeper } from '../../../functions/core/clock/keeper.ts';
import { unavailable } from '../../../functions/core/errors.ts';
import type { Logger } from '../../../functions/core/ports/telemetry.ts';
import { createDeadLetterCount, type DeadLetterCount } from '../../../functions/redis-watchdog/dead-letter-count.ts';
import { runMinute, watchUntilDone } from '../../../functions/redis-watchdog/watch.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { bury, createConsuming, roomFor } from '../redis-consumer/consuming.ts';

const MINUTES_A_MONTH = 43_800;
/** So many of Upstash's 500,000 free commands a month may be used while nothing happens. */
const IDLE_COMMANDS_A_MONTH = 100_000;

const EVERYTHING: Exchange = {
  done: [],
  renewed: [],
  wanted: roomFor(10),
  heartbeat: false,
  countBacklog: false,
};

describe.skipIf(!hasRedis)('the watchdog', () => {
  let database: RedisDatabase;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());

  /** A deployment and its watchdog, with a clock that only sleeping moves. */
  const create = () => {
    let nowMs = Date.now();
    const consuming = createConsuming(database, () => nowMs);
    const startMs = nowMs;
    const reports: QueueState[] = [];
    const warnings: string[] = [];
    const log: Logger = { info: () => {}, warn: (message) => void warnings.push(message), error: () => {} };
    const run = (
      onSleep: () => Promise<unknown> = async () => {},
      client = consuming.client,
      deadLetterCount?: DeadLetterCount,
    ) =>
      runMinute({
        client,
        ...(deadLetterCount ? { deadLetterCount } : {}),
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
    return { consuming, reports, warnings, log, run, pass, now, sleep, elapsedMs: () => nowMs - startMs };
  };

  const commands = async () => {
    const { info, ping, 'config|resetstat': reset, ...stats } = await database.commandStats();
    return Object.values(stats).reduce((sum, count) => sum + count, 0);
  };

  it(`idles for less than ${IDLE_COMMANDS_A_MONTH} commands a month, those in scripts counted`, async () => {
    const { run } = create();
    // The first script of a process checks the eviction policy; an idle watchdog runs no script.
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 100; minute++) await run();
    const aMonth = ((await commands()) / 100) * MINUTES_A_MONTH;
    console.info(`idle: ${aMonth} commands a month`);
    // Two a minute, as documented.
    expect(aMonth).toBe(87_600);
    expect(aMonth).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it(`idles with the option tasks for less than ${IDLE_COMMANDS_A_MONTH} commands a month: both watchdogs, and the clocks`, async () => {
    const watchdogs = [create(), create()] as const;
    const counts = watchdogs.map(() => createDeadLetterCount(15));
    const [, ofTasks] = watchdogs;
    const keeper = createClockKeeper({
      backend: createRedisBackend(ofTasks.consuming.client),
      tasks: [],
      now: ofTasks.now,
      newId: () => 'x',
      log: ofTasks.log,
    });
    const minute = async () => {
      for (const [index, watchdog] of watchdogs.entries()) {
        const begunMs = watchdog.now();
        if (watchdog === ofTasks) await keeper.look(Number.POSITIVE_INFINITY);
        await watchdog.run(undefined, watchdog.consuming.client, counts[index]);
        watchdog.pass(begunMs + 60_000 - watchdog.now());
      }
    };
    await minute();
    await database.command('CONFIG', 'RESETSTAT');
    const minutes = 300;
    for (let passed = 0; passed < minutes; passed++) await minute();
    const aMonth = ((await commands()) / minutes) * MINUTES_A_MONTH;
    console.info(`idle with tasks: ${aMonth} commands a month`);
    expect(aMonth).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('counts dead letters again in the run after one in which something happened', async () => {
    const { consuming, reports, run } = create();
    const count = createDeadLetterCount(15);
    await run(undefined, consuming.client, count);
    await bury(consuming, database);
    await run(undefined, consuming.client, count);
    expect(reports).toEqual([{ deadLetters: 0 }, { deadLetters: 0 }]);
    await consuming.send('x');
    await run(undefined, consuming.client, count);
    await consuming.consume();
    await run(undefined, consuming.client, count);
    expect(reports.at(-1)).toEqual({ deadLetters: 1 });
  });

  it('costs no more while emails are scheduled for later', async () => {
    const { consuming, run } = create();
    for (let day = 1; day < 30; day++) await consuming.send('x', { dueAtMs: Date.now() + day * 86_400_000 });
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 10; minute++) await run();
    expect(((await commands()) / 10) * MINUTES_A_MONTH).toBeLessThanOrEqual(IDLE_COMMANDS_A_MONTH);
  });

  it('costs no more while dead letters wait for an operator, and reports them each minute', async () => {
    const { consuming, reports, run } = create();
    await bury(consuming, database);
    await database.command('CONFIG', 'RESETSTAT');
    for (let minute = 0; minute < 3; minute++) await run();
    expect(await commands()).toBe(6);
    expect(reports).toEqual([{ deadLetters: 1 }, { deadLetters: 1 }, { deadLetters: 1 }]);
  });

  it('reports the age of the oldest job of each queue while there is one, delivered or not', async () => {
    const { consuming, reports, run, pass } = create();
    await consuming.send('never taken');
    // The id in the stream has the time of Redis' own clock, which this test does not move.
    pass(120_000);
    await consuming.backend.broker.send([{ queue: 'bulk', job: { task: 'note', args: {}, attempt: 1 } }]);
    await run();
    const ages = new Map(reports[0]?.queues?.map(({ queue, ...age }) => [queue, age]));
    expect(ages.get('transactional')?.jobs).toBe(1);
    expect(ages.get('transactional')?.oldestMs).toBeGreaterThan(119_000);
    // The watchdog sleeps while the ages are read, and so moves the clock.
    expect(ages.get('transactional')?.oldestMs).toBeLessThan(130_000);
    expect(ages.get('webhook')).toEqual({ jobs: 0, oldestMs: 0 });
    expect(ages.get('bulk')?.jobs).toBe(1);
    await consuming.queue().exchange({ ...EVERYTHING, done: [] });
    await run();
    expect(reports[1]?.queues?.[0]).toMatchObject({ queue: 'transactional', jobs: 1 });
  });

  it('reports a delayed job that is overdue and that no consumer has taken', async () => {
    const { consuming, reports, run, pass } = create();
    await consuming.send('x', { dueAtMs: Date.now() + 3_600_000 });
    pass(3_600_000 + 600_000);
    await run();
    expect(reports[0]?.queues?.[0]).toMatchObject({ queue: 'transactional', jobs: 0 });
    expect(reports[0]?.queues?.[0]?.oldestMs).toBeGreaterThanOrEqual(599_000);
  });

  it('invokes a consumer although the age of the oldest jobs cannot be read', async () => {
    const { consuming, reports, warnings, run, pass } = create();
    await consuming.send('x');
    pass(LEASE_MS + 1);
    const stream = queueKey(consuming.client, 'webhook');
    await database.command('SET', stream, 'no stream');
    await run(async () => {
      await database.command('DEL', stream);
      if (consuming.invocations.length > 1) await consuming.consume();
    });
    expect(consuming.invocations.length).toBeGreaterThan(1);
    expect([reports, warnings.length]).toEqual([[{ deadLetters: 0 }], 1]);
  });

  it('reads no ages after a consumer has left in order', async () => {
    const { consuming, reports, run } = create();
    await consuming.send('x');
    await consuming.consume();
    await run();
    expect(reports).toEqual([{ deadLetters: 0 }]);
  });

  it.each(['while the consumer works', 'after it has died'])(
    'sees with its two commands that a queue holds a job, because of the mark that a consumer sets: %s',
    async (when) => {
      const { consuming, reports, run, pass } = create();
      await consuming.send('x');
      const queue = consuming.queue('one');
      await queue.enter();
      await queue.exchange({ ...EVERYTHING, heartbeat: true });
      if (when === 'after it has died') pass(3_600_000);
      await run();
      expect(reports[0]?.queues?.[0]).toMatchObject({ queue: 'transactional', jobs: 1 });
    },
  );

  it('invokes a consumer when a delayed job is due, to the second, and not before', async () => {
    const { consuming, run, pass, elapsedMs } = create();
    const dueInMs = 3_600_000;
    await consuming.send('x', { dueAtMs: Date.now() + dueInMs });
    let invokedAtMs = 0;
    while (invokedAtMs === 0 && elapsedMs() < 2 * dueInMs) {
      const startedAtMs = elapsedMs();
      await run(async () => {
        if (consuming.invocations.length > 0 && invokedAtMs === 0) invokedAtMs = elapsedMs();
      });
      pass(Math.max(0, startedAtMs + 60_000 - elapsedMs()));
    }
    expect(Math.abs(invokedAtMs - dueInMs)).toBeLessThanOrEqual(1_500);
    expect(await consuming.consume()).toMatchObject({ done: 1 });
  });

  it('invokes a consumer when one has sent no heartbeat for its lease', async () => {
    const { consuming, run, elapsedMs } = create();
    await consuming.queue('killed').enter();
    let invokedAtMs = 0;
    await run(async () => {
      if (consuming.invocations.length > 0 && invokedAtMs === 0) {
        invokedAtMs = elapsedMs();
        await consuming.consume();
      }
    });
    expect(invokedAtMs).toBeGreaterThanOrEqual(LEASE_MS);
    expect(invokedAtMs).toBeLessThan(LEASE_MS + 2_000);
    expect(consuming.invocations).toHaveLength(1);
  });

  it.each(['firstTimer', 'peek', 'run'] as const)('goes on when Redis does not answer to %s', async (method) => {
    const { consuming, warnings, run } = create();
    await consuming.queue('killed').enter();
    let failures = 0;
    const ask = consuming.client[method] as (...args: unknown[]) => Promise<unknown>;
    const fails = async (...args: unknown[]) => {
      if (++failures <= 2) throw unavailable('Redis is not available for the moment');
      return ask(...args);
    };
    let consumed = false;
    const whenInvoked = async () => {
      if (consumed || consuming.invocations.length === 0) return;
      consumed = true;
      await consuming.consume();
    };
    await run(whenInvoked, { ...consuming.client, [method]: fails });
    expect(failures).toBeGreaterThan(2);
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(consuming.invocations).toHaveLength(1);
  });

  it('lets the next consumer start another watchdog when it has ended', async () => {
    const { consuming, log, now, sleep } = create();
    const queue = consuming.queue('one');
    expect([await queue.enter(), await consuming.queue('two').enter()]).toEqual(['unwatched', 'entered']);
    await queue.leave();
    await consuming.queue('two').leave();
    await watchUntilDone({ client: consuming.client, log, now, sleep, endMs: now() + 62_000 });
    expect(await queue.enter()).toBe('unwatched');
  });

  it('goes on for a consumer that started while it was about to end', async () => {
    const { consuming, log, now, sleep } = create();
    const [first, second] = [consuming.queue('first'), consuming.queue('second')];
    await first.enter();
    await first.leave();
    let looks = 0;
    const client = {
      ...consuming.client,
      firstTimer: async () => {
        const timer = await consuming.client.firstTimer();
        // It has seen that no timer is left, and has not signed off yet.
        if (++looks === 1) await second.enter();
        return timer;
      },
    };
    expect(await watchUntilDone({ client, log, now, sleep, endMs: now() + 62_000 })).toBeGreaterThan(0);
    expect(consuming.invocations.length).toBeGreaterThan(0);
  });

  it('removes the consumers of earlier versions once an hour, those with a delivery excepted', async () => {
    const { consuming, run, now, pass } = create();
    const stream = consuming.client.keyOf('').replace(/doc:$/, 'transactional');
    const consumers = async () => {
      const rows = (await database.command('XINFO', 'CONSUMERS', stream, 'workers')) as unknown as string[][];
      return rows.map(([, name]) => String(name)).sort();
    };
    await consuming.send('1');
    await database.command('XGROUP', 'CREATE', stream, 'workers', '0');
    const old = ['idle', 'holding', 'lately'].map((name) => `${name}-b3c1`);
    for (const name of old) await database.command('XGROUP', 'CREATECONSUMER', stream, 'workers', name);
    await database.command('XREADGROUP', 'GROUP', 'workers', 'holding-b3c1', 'STREAMS', stream, '>');
    await consuming.send('2');
    await consuming.queue('of this version').exchange(EVERYTHING);
    pass(3_600_000 - (now() % 3_600_000) + 60_000);
    await run();
    expect(await consumers()).toEqual([...old, 'of'].sort());
    expect(await consuming.client.run(removeConsumers({ idleMs: 0 }))).toBe(2);
    expect(await consumers()).toEqual(['holding-b3c1', 'of']);
  });

  it('invokes nothing while a consumer sends heartbeats', async () => {
    const { consuming, run } = create();
    const queue = consuming.queue('alive');
    await queue.enter();
    await run(async () => void (await queue.enter('alive')));
    expect(consuming.invocations).toEqual([]);
  });
});
