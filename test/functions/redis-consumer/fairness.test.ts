import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backlog } from '../../../functions/adapters/redis/operations.ts';
import type { Delivery, OutgoingJob } from '../../../functions/core/ports/broker.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { type ConsumeOptions, type Consuming, createConsuming, interrupting, roomFor } from './consuming.ts';

/** `count` jobs of a group; their ids begin with its name. */
const jobsOf = (group: string | undefined, count: number, first = 0): OutgoingJob[] =>
  Array.from({ length: count }, (_, n) => ({
    queue: 'bulk',
    job: { ...(group ? { group } : {}), task: 'note', args: { id: `${group ?? 'none'}-${first + n}` }, attempt: 1 },
  }));

const idsOf = (jobs: readonly OutgoingJob[]) => jobs.map(({ job }) => (job.args as { id: string }).id);
const idsOfDeliveries = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ body }) => JSON.parse(body).args.id);
/** Receives ten jobs of the bulk queue, and does nothing else. */
const tenOfBulk = { done: [], renewed: [], wanted: roomFor(0, { bulk: 10 }), heartbeat: false, countBacklog: false };
const groupOf = (id: string) => id.split('-')[0];

describe.skipIf(!hasRedis)('a fair queue on Redis', () => {
  let database: RedisDatabase;
  let consuming: Consuming;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());
  beforeEach(() => {
    consuming = createConsuming(database);
  });

  const { stringify } = JSON;
  const key = (name: string) => queueKey(consuming.client, name);
  /** A batch of the API at a time. */
  const send = async (jobs: readonly OutgoingJob[]) => {
    for (let at = 0; at < jobs.length; at += 100) await consuming.backend.broker.send(jobs.slice(at, at + 100));
  };
  /** What is left anywhere of a deployment whose jobs are all done, but for the empty streams. */
  const leftovers = async () => ({
    jobs: await consuming.client.run(backlog()),
    timers: await database.command('ZCARD', key('timers')),
    turns: await database.command('EXISTS', key('bulk:turns'), key('bulk:groups')),
    pending: ((await database.command('XPENDING', key('bulk'), 'workers')) as unknown[])[0],
  });
  const nothing = { jobs: 0, timers: 0, turns: 0, pending: 0 };
  const sorted = (ids: readonly string[]) => ids.toSorted();

  it('runs the 20 jobs of one group before more than 2 % of the 2,000 that another queued before', async () => {
    const [many, few] = [jobsOf('a', 2_000), jobsOf('b', 20)];
    await send(many);
    await send(few);
    expect((await consuming.consume({ inFlight: 10 })).done).toBe(2_020);
    const last = consuming.ran.findLastIndex((id) => groupOf(id) === 'b');
    expect(last - 19).toBeLessThanOrEqual(0.02 * 2_000);
    expect(sorted(consuming.ran)).toEqual(sorted(idsOf([...many, ...few])));
    expect(await leftovers()).toEqual(nothing);
  });

  it('does so for jobs that come while it works through the backlog, and while more are added to that', async () => {
    let nowMs = Date.now();
    consuming = createConsuming(database, () => nowMs);
    const all: OutgoingJob[] = [];
    const add = async (jobs: readonly OutgoingJob[]) => {
      all.push(...jobs);
      await send(jobs);
    };
    const wrap: ConsumeOptions['wrap'] = (queue) =>
      interrupting(queue, async (call) => {
        nowMs += 500;
        if (call === 12) await add(jobsOf('b', 10));
        if (call > 5 && call < 20) await add(jobsOf('a', 10, call * 100));
      });
    await add(jobsOf('a', 500));
    await consuming.consume({ inFlight: 10, runMs: 3_600_000, wrap });
    const first = consuming.ran.findIndex((id) => groupOf(id) === 'b');
    const last = consuming.ran.findLastIndex((id) => groupOf(id) === 'b');
    // New jobs are found with a heartbeat, every third call; then one of a runs for each of b.
    expect(first).toBeLessThanOrEqual((12 + 3) * 10);
    expect(last - first).toBeLessThanOrEqual(2 * 10);
    expect(sorted(consuming.ran)).toEqual(sorted(idsOf(all)));
    expect(await leftovers()).toEqual(nothing);
  });

  it('gives groups the same share, and those whose jobs an older version queued one of their own', async () => {
    await send(jobsOf('a', 300));
    for (const { job } of jobsOf(undefined, 30))
      await database.command('XADD', key('bulk'), '*', 'job', stringify(job));
    await send(jobsOf('c', 30));
    await consuming.consume({ inFlight: 10 });
    const share = (group: string) => consuming.ran.slice(10, 70).filter((id) => groupOf(id) === group).length;
    expect([share('a'), share('none'), share('c')].map((jobs) => Math.abs(jobs - 20) <= 7)).toEqual([true, true, true]);
    expect(consuming.ran).toHaveLength(360);
  });

  /** How long a delivery has been idle is counted by Redis' own clock. */
  const endLeases = async () => {
    const pending = await database.command('XPENDING', key('bulk'), 'workers', '-', '+', '1000');
    for (const row of Array.isArray(pending) ? (pending as unknown[][]) : []) {
      const [id = '', consumer = ''] = row.map(String);
      await database.command('XCLAIM', key('bulk'), 'workers', consumer, '0', id, 'IDLE', '7000', 'JUSTID');
    }
  };

  it('keeps a poisoned job out of the way of the others: it becomes a dead letter', async () => {
    let nowMs = Date.now();
    consuming = createConsuming(database, () => nowMs);
    const poison = '{"group":';
    await send(jobsOf('a', 20));
    await database.command('XADD', key('bulk'), '*', 'job', poison);
    await send(jobsOf('a', 20, 20));
    const received: string[] = [];
    const work = async ([delivery]: readonly Delivery[]) => {
      received.push(delivery?.body ?? '');
      return delivery?.body === poison ? [delivery.id] : [];
    };
    const wrap: ConsumeOptions['wrap'] = (queue) =>
      interrupting(queue, async () => {
        nowMs += 1_500;
        await endLeases();
      });
    await consuming.consume({ inFlight: 5, runMs: 600_000, work, wrap });
    expect(await database.command('XLEN', key('dead'))).toBe(1);
    expect(received.filter((body) => body === poison)).toHaveLength(3);
    expect(new Set(received).size).toBe(41);
    expect(await leftovers()).toEqual(nothing);
  });

  it('loses no job when consumers die with jobs in flight', async () => {
    const jobs = [...jobsOf('a', 200), ...jobsOf('b', 50)];
    await send(jobs);
    const taken: string[] = [];
    for (let death = 0; death < 3; death++) {
      const queue = consuming.queue();
      await queue.enter();
      taken.push(...idsOfDeliveries((await queue.exchange(tenOfBulk)).deliveries));
    }
    expect(new Set(taken).size).toBe(30);
    await endLeases();
    await consuming.consume({ inFlight: 10 });
    expect(sorted(consuming.ran)).toEqual(sorted(idsOf(jobs)));
    expect(await leftovers()).toMatchObject({ jobs: 0, turns: 0, pending: 0 });
  });

  it('shares a queue among several consumers without running a job twice', async () => {
    const jobs = [...jobsOf('a', 600), ...jobsOf('b', 60), ...jobsOf('c', 6)];
    await send(jobs);
    await Promise.all([1, 2, 3].map(() => consuming.consume({ inFlight: 10 })));
    expect(sorted(consuming.ran)).toEqual(sorted(idsOf(jobs)));
    expect(await leftovers()).toEqual(nothing);
  });

  it('works in the order of the stream on a server that does not take jobs out of it', async () => {
    await database.command('ACL', 'SETUSER', 'default', '-xclaim');
    try {
      const jobs = [...jobsOf('a', 100), ...jobsOf('b', 10)];
      await send(jobs);
      await consuming.consume({ inFlight: 10 });
      expect(consuming.ran).toEqual(idsOf(jobs));
    } finally {
      await database.command('ACL', 'SETUSER', 'default', '+xclaim');
    }
  });

  it('leaves every job to a consumer of the last version, which reads in the order of the stream', async () => {
    const jobs = [...jobsOf('a', 100), ...jobsOf('b', 20)];
    await send(jobs);
    const queue = consuming.queue();
    await queue.enter();
    const receive = async () => idsOfDeliveries((await queue.exchange(tenOfBulk)).deliveries);
    const delivered = [...(await receive()), ...(await receive())];
    const read = ['XREADGROUP', 'GROUP', 'workers', 'old', 'COUNT', '1000', 'STREAMS', key('bulk'), '>'];
    const [[, entries = []] = []] = (await database.command(...read)) as [unknown, [unknown, unknown[]][]][];
    const others = entries.map(([, fields]) => JSON.parse(String(fields[1])).args.id);
    expect(sorted([...new Set([...delivered, ...others])])).toEqual(sorted(idsOf(jobs)));
    // What the old one has now is not taken from it.
    expect(await receive()).toEqual([]);
  });

  it.each([5, 50])(
    'costs at most half a command more for each job than any other queue, read %i at a time',
    async (each) => {
      const perJob = async (name: 'bulk' | 'webhook') => {
        consuming = createConsuming(database);
        const queue = consuming.queue();
        await queue.enter();
        await database.command('CONFIG', 'RESETSTAT');
        await send(jobsOf('a', 500).map(({ job }) => ({ queue: name, job })));
        const wanted = roomFor(50, { [name]: each });
        let count = 0;
        for (let done: readonly Delivery[] = [], more = true; more; more = done.length > 0) {
          const exchange = { done, renewed: [], wanted, heartbeat: count === 0, countBacklog: false };
          done = (await queue.exchange(exchange)).deliveries;
          count += done.length;
        }
        expect(count).toBe(500);
        const { info: _info, 'config|resetstat': _reset, ...stats } = await database.commandStats();
        return Object.values(stats).reduce((sum, calls) => sum + calls, 0) / 500;
      };
      const [other, fair] = [await perJob('webhook'), await perJob('bulk')];
      console.info(`commands a job: ${other.toFixed(2)} in the order of the stream, ${fair.toFixed(2)} in turn`);
      expect(fair - other).toBeLessThanOrEqual(0.5);
    },
  );
});
