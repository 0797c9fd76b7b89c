import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConsumerQueue } from '../../../functions/adapters/redis/consumer.ts';
import { backlog } from '../../../functions/adapters/redis/operations.ts';
import { LEASE_MS } from '../../../functions/adapters/redis/times.ts';
import type { Delivery } from '../../../functions/core/ports/broker.ts';
import type { QueueName } from '../../../functions/core/queues.ts';
import type { Worker } from '../../../functions/core/task/worker.ts';
import { createJobsInFlight } from '../../../functions/runtime/consumer/jobs-in-flight.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { type Consuming, createConsuming, interrupting } from './consuming.ts';

const idOf = ({ body }: Delivery): string => JSON.parse(body).args.id;

describe.skipIf(!hasRedis)('a consumer', () => {
  let database: RedisDatabase;
  let consuming: Consuming;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());
  beforeEach(() => {
    consuming = createConsuming(database);
  });

  const left = async () => ({
    jobs: await consuming.client.run(backlog()),
    timer: await consuming.client.firstTimer(),
  });

  it('is invoked by the first job, and by no job that arrives while it starts or works', async () => {
    await consuming.send('1');
    await consuming.send('2');
    expect(consuming.invocations).toEqual(['']);
    let sent = 0;
    await consuming.consume({
      work: async () => {
        if (sent++ === 0) await consuming.send('3');
        return [];
      },
    });
    expect({ sent, invocations: consuming.invocations.length }).toEqual({ sent: 3, invocations: 1 });
  });

  it('runs and acknowledges all jobs and leaves nothing behind; the next job invokes a consumer again', async () => {
    for (let id = 0; id < 25; id++) await consuming.send(String(id));
    expect(await consuming.consume()).toEqual({ end: 'nothing left', done: 25 });
    expect(consuming.ran.toSorted()).toEqual(Array.from({ length: 25 }, (_, id) => String(id)).toSorted());
    expect(await left()).toEqual({ jobs: 0, timer: undefined });
    await consuming.send('next');
    expect(consuming.invocations).toHaveLength(2);
  });

  it('leaves at once when there is nothing to do', async () => {
    expect(await consuming.consume()).toEqual({ end: 'nothing left', done: 0 });
  });

  it('has its metrics written once a minute while it works', async () => {
    let nowMs = Date.now();
    const own = createConsuming(database, () => nowMs);
    for (let id = 0; id < 10; id++) await own.send(String(id));
    const startMs = nowMs;
    const work = async () => {
      nowMs += 25_000;
      return [];
    };
    await own.consume({ work, inFlight: 1, runMs: 300_000 });
    expect(own.flushes.map((atMs) => (atMs - startMs) / 1000)).toEqual([75, 150, 225]);
  });

  it('tells each job how long it has without a renewal, and when the consumer itself stops', async () => {
    const nowMs = Date.now();
    const own = createConsuming(database, () => nowMs);
    await own.send('1');
    const times: unknown[] = [];
    const work: Worker = async (_deliveries, deadlineMs, stopsAtMs) => {
      times.push(deadlineMs() - nowMs, Number(stopsAtMs) - nowMs);
      return [];
    };
    await own.consume({ work, runMs: 300_000 });
    expect(times).toEqual([LEASE_MS - 2_500, 298_500]);
  });

  it('runs no more jobs at once than it may, and takes the next as soon as one is done', async () => {
    for (let id = 0; id < 12; id++) await consuming.send(String(id));
    let [flying, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++flying);
      await new Promise((resolve) => setTimeout(resolve, 20));
      flying--;
      return [];
    };
    await consuming.consume({ work, inFlight: 3 });
    expect(most).toBe(3);
  });

  it('receives a second lot of jobs while the first is in work', async () => {
    for (let id = 0; id < 20; id++) await consuming.send(String(id));
    const whole = Promise.withResolvers<void>();
    let started = 0;
    const work = async () => {
      if (++started === 20) whole.resolve();
      await whole.promise;
      return [];
    };
    expect(await consuming.consume({ inFlight: 20, work })).toMatchObject({ done: 20 });
  });

  it('asks for more jobs between heartbeats when a tenth of those it may run have ended', async () => {
    const nowMs = Date.now();
    consuming = createConsuming(database, () => nowMs);
    for (let id = 0; id < 60; id++) await consuming.send(String(id));
    const running: (() => void)[] = [];
    const work = async () => {
      await new Promise<void>((resolve) => running.push(resolve));
      return [];
    };
    const asked: number[] = [];
    const wrap = (queue: ConsumerQueue): ConsumerQueue => ({
      ...queue,
      exchange: (exchange) => {
        asked.push(exchange.wanted.transactional ?? -1);
        setImmediate(() => running.shift()?.());
        return queue.exchange(exchange);
      },
    });
    expect(await consuming.consume({ inFlight: 30, work, wrap, runMs: 3_600_000 })).toMatchObject({ done: 60 });
    expect(asked.slice(0, 2)).toEqual([15, 15]);
    expect(asked.filter((room) => room > 0 && room < 3)).toEqual([]);
    expect(asked.filter((room) => room === 3).length).toBeGreaterThan(5);
  });

  it('does not wait for a slow job to take others', async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    await consuming.send('slow');
    for (let id = 0; id < 5; id++) await consuming.send(String(id));
    const done: string[] = [];
    const work = async ([delivery]: readonly Delivery[]) => {
      const id = delivery ? idOf(delivery) : '';
      if (id === 'slow') await slow;
      done.push(id);
      if (done.length === 5) await consuming.send('after');
      if (id === 'after') release();
      return [];
    };
    await consuming.consume({ work, inFlight: 2 });
    expect(done.at(-1)).toBe('slow');
    expect(done).toHaveLength(7);
  });

  it('waits for a job that is due soon, and runs it at its time', async () => {
    const dueAtMs = Date.now() + 1_200;
    await consuming.send('soon', { dueAtMs });
    expect(consuming.invocations).toEqual(['']);
    let ranAtMs = 0;
    const work = async () => {
      ranAtMs = Date.now();
      return [];
    };
    expect(await consuming.consume({ work })).toEqual({ end: 'nothing left', done: 1 });
    expect(ranAtMs).toBeGreaterThanOrEqual(dueAtMs);
  });

  it('is not invoked by a job due in hours, and does not wait for it', async () => {
    await consuming.send('later', { dueAtMs: Date.now() + 3_600_000 });
    expect(consuming.invocations).toEqual([]);
    expect(await consuming.consume()).toMatchObject({ end: 'nothing left', done: 0 });
  });

  it('finds no place when there are as many consumers as allowed', async () => {
    await consuming.queue('one').enter();
    expect(await consuming.consume({ maxConsumers: 1 })).toEqual({ end: 'no place', done: 0 });
  });

  it('starts a watchdog, one for all consumers of the same minute', async () => {
    await consuming.send('1');
    await Promise.all([consuming.consume(), consuming.consume()]);
    await consuming.consume();
    expect(consuming.watchdogs.count).toBe(1);
  });

  it('needs no watchdog when its invoker is one', async () => {
    expect(await consuming.queue('a', 4, true).enter()).toBe('entered');
    expect(await consuming.queue('b', 4, false).enter()).toBe('unwatched');
    expect(await consuming.queue('c', 4, false).enter()).toBe('entered');
  });

  describe('a job that arrives at any moment of its end', () => {
    // Every step of a consumer is one script, and a script is atomic: a job that is sent before each step, and after the
    // last, tries every interleaving.
    const steps = 6;
    it.each(Array.from({ length: steps }, (_, step) => step + 1))(
      'before step %i: is run, or invokes the next consumer',
      async (step) => {
        await consuming.send('first');
        const { invocations } = consuming;
        invocations.length = 0;
        let calls = 0;
        const wrap = (queue: Parameters<typeof interrupting>[0]) =>
          interrupting(queue, async (call) => {
            calls = call;
            if (call === step) await consuming.send('late');
          });
        await consuming.consume({ wrap });
        if (calls < step) await consuming.send('late');
        const ranByIt = consuming.ran.includes('late');
        expect({ ranByIt, invoked: invocations.length }).toEqual(
          ranByIt ? { ranByIt, invoked: 0 } : { ranByIt, invoked: 1 },
        );
        if (!ranByIt) await consuming.consume();
        expect(consuming.ran.filter((id) => id === 'late')).toHaveLength(1);
        expect(await left()).toEqual({ jobs: 0, timer: undefined });
      },
    );

    it.each(Array.from({ length: steps }, (_, step) => step + 1))(
      'before step %i of a consumer at its time-out: is run by it or by its successor',
      async (step) => {
        let calls = 0;
        const wrap = (queue: Parameters<typeof interrupting>[0]) =>
          interrupting(queue, async (call) => {
            calls = call;
            if (call === step) await consuming.send('late');
          });
        // Its time is over when it starts: it takes no job and ends.
        await consuming.consume({ wrap, runMs: 0 });
        if (calls < step) await consuming.send('late');
        for (let next = consuming.invocations.shift(); next !== undefined; next = consuming.invocations.shift())
          await consuming.consume({ replaces: next });
        expect(consuming.ran).toEqual(['late']);
        expect(await left()).toEqual({ jobs: 0, timer: undefined });
      },
    );

    it('between two that leave at the same time: the last one invokes a consumer or runs it', async () => {
      const [a, b] = [consuming.queue('a'), consuming.queue('b')];
      for (const order of [
        ['send', 'a', 'b'],
        ['a', 'send', 'b'],
        ['a', 'b', 'send'],
        ['b', 'send', 'a'],
      ]) {
        await Promise.all([a.enter(), b.enter()]);
        consuming.invocations.length = 0;
        const outcomes: unknown[] = [];
        for (const who of order) {
          if (who === 'send') await consuming.send('late');
          else outcomes.push(await (who === 'a' ? a : b).leave());
        }
        const someoneStays = outcomes.includes(0);
        expect(someoneStays || consuming.invocations.length === 1).toBe(true);
        await consuming.consume();
        for (const queue of [a, b]) await queue.leave();
      }
    });
  });

  it('hands over before its time-out, with the jobs it could not do', async () => {
    for (let id = 0; id < 3; id++) await consuming.send(String(id));
    consuming.invocations.length = 0;
    const result = await consuming.consume({ runMs: 0 });
    expect(result).toEqual({ end: 'handed over', done: 0 });
    const [successor = ''] = consuming.invocations;
    expect(successor).not.toBe('');
    // The successor has the place already: where one consumer is allowed, it alone still enters.
    expect(await consuming.consume({ maxConsumers: 1 })).toMatchObject({ end: 'no place' });
    expect(await consuming.consume({ maxConsumers: 1, replaces: successor })).toEqual({ end: 'nothing left', done: 3 });
  });

  it('invokes another when it cannot do the backlog soon', async () => {
    for (let id = 0; id < 60; id++) await consuming.send(String(id));
    consuming.invocations.length = 0;
    let begun = 0;
    const work = () => new Promise<string[]>((resolve) => setTimeout(resolve, ++begun <= 16 ? 400 : 0, []));
    await consuming.consume({ work, inFlight: 4 });
    expect(consuming.invocations.length).toBeGreaterThan(0);
  });

  it('takes no job of a queue that is held, asks whether that is over, and then takes all', async () => {
    for (let id = 0; id < 20; id++) await consuming.send(String(id));
    let looks = 0;
    const ranWhileHeld: number[] = [];
    const inFlight = (queue: QueueName) => (queue === 'transactional' && looks < 3 ? 0 : 10);
    const lookAtHolds = async () => {
      ranWhileHeld.push(consuming.ran.length);
      looks++;
    };
    expect(await consuming.consume({ inFlight, lookAtHolds })).toEqual({ end: 'nothing left', done: 20 });
    expect(ranWhileHeld).toEqual([0, 0, 0]);
  });

  it('leaves jobs that are held to the next consumer when its time is over', async () => {
    await consuming.send('1');
    consuming.invocations.length = 0;
    const inFlight = () => 0;
    expect(await consuming.consume({ inFlight, runMs: 2_000 })).toEqual({ end: 'handed over', done: 0 });
    expect(consuming.invocations).toHaveLength(1);
    expect(await consuming.consume({ replaces: consuming.invocations[0] ?? '' })).toMatchObject({ done: 1 });
  });

  it('invokes no other while the sending rate is used up', async () => {
    for (let id = 0; id < 60; id++) await consuming.send(String(id));
    consuming.invocations.length = 0;
    const counted: boolean[] = [];
    const wrap = (queue: ConsumerQueue): ConsumerQueue => ({
      ...queue,
      exchange: (exchange) => {
        counted.push(exchange.countBacklog);
        return queue.exchange(exchange);
      },
    });
    let begun = 0;
    const work = () => new Promise<string[]>((resolve) => setTimeout(resolve, ++begun <= 16 ? 400 : 0, []));
    expect(await consuming.consume({ work, wrap, inFlight: 4, isLimiting: () => true })).toMatchObject({ done: 60 });
    expect(consuming.invocations).toEqual([]);
    expect(counted).not.toContain(true);
  });
});

it('a job that waits for long may count on its delivery from when that was renewed last', async () => {
  let nowMs = 1_000;
  let deadlineMs = () => 0;
  const work: Worker = async (_deliveries, given) => {
    deadlineMs = given;
    return [];
  };
  const jobs = createJobsInFlight({ work, now: () => nowMs, runMs: 10_000, stopsAtMs: 300_000 });
  jobs.start({ id: '1', queue: 'transactional', body: '{}' });
  expect(deadlineMs()).toBe(11_000);
  nowMs = 20_000;
  jobs.renewed(19_500);
  expect(deadlineMs()).toBe(29_500);
});
