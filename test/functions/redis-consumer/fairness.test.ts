import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backlog } from '../../../functions/adapters/redis/operations.ts';
import type { Delivery, OutgoingJob } from '../../../functions/core/ports/broker.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { type ConsumeOptions, type Consuming, createConsuming, interrupting } from './consuming.ts';

/** `count` jobs of a group; their ids begin with its name. */
const jobsOf = (group: string | undefined, count: number, first = 0): OutgoingJob[] =>
  Array.from({ length: count }, (_, n) => ({
    queue: 'bulk',
    job: { ...(group ? { group } : {}), task: 'note', args: { id: `${group ?? 'none'}-${first + n}` }, attempt: 1 },
  }));

const idsOf = (jobs: readonly OutgoingJob[]) => jobs.map(({ job }) => (job.args as { id: string }).id);
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
  const key = (name: string) => consuming.client.keyOf('').replace(/doc:$/, name);
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
    const all = jobsOf('a', 500);
    await send(all);
    let lastOfA = 500;
    const more = async (jobs: readonly OutgoingJob[]) => {
      all.push(...jobs);
      await send(jobs);
    };
    const wrap: ConsumeOptions['wrap'] = (queue) =>
      interrupting(queue, async (call) => {
        if (call === 12) await more(jobsOf('b', 10));
        if (call > 5 && call < 20) await more(jobsOf('a', 10, (lastOfA += 10)));
      });
    let nowMs = Date.now();
    const own = createConsuming(database, () => (nowMs += 200));
    consuming = own;
    all.length = 0;
    await more(jobsOf('a', 500));
    await own.consume({ inFlight: 10, runMs: 10 * 60_000, wrap });
    const first = own.ran.findIndex((id) => groupOf(id) === 'b');
    const last = own.ran.findLastIndex((id) => groupOf(id) === 'b');
    // One of a for each of b, and the ten that were in flight.
    expect(last - first).toBeLessThanOrEqual(2 * 10 + 10);
    expect(sorted(own.ran)).toEqual(sorted(idsOf(all)));
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

  it('keeps a poisoned job out of the way of the others: it becomes a dead letter', async () => {
    await database.command('XADD', key('bulk'), '*', 'job', '{"group":');
    await send(jobsOf('a', 40));
    const work = async ([delivery]: readonly Delivery[]) => {
      consuming.ran.push(delivery?.body ?? '');
      return delivery?.body === '{"group":' ? [delivery.id] : [];
    };
    let nowMs = Date.now();
    // How long a delivery has been idle is counted by Redis' own clock.
    const wrap: ConsumeOptions['wrap'] = (queue) =>
      interrupting(queue, async () => {
        const pending = (await database.command('XPENDING', key('bulk'), 'workers', '-', '+', '1')) as unknown[][];
        const [id, consumer] = (pending[0] ?? []).map(String);
        const idle = ['IDLE', '7000', 'JUSTID'];
        if (id && consumer) await database.command('XCLAIM', key('bulk'), 'workers', consumer, '0', id, ...idle);
        nowMs += 1_500;
      });
    const own = createConsuming(database, () => nowMs);
    void own;
    await consuming.consume({ inFlight: 5, work, wrap });
    expect(await database.command('XLEN', key('dead'))).toBe(1);
    expect(new Set(consuming.ran).size).toBe(41);
  });

  it('loses no job when consumers die with jobs in flight, and runs again only those', async () => {
    const jobs = [...jobsOf('a', 200), ...jobsOf('b', 50)];
    await send(jobs);
    const died: string[] = [];
    for (let death = 0; death < 5; death++) {
      const queue = consuming.queue();
      await queue.enter();
      const wanted = { transactional: 0, bulk: 10, webhook: 0, 'webhook-slow': 0 };
      const { deliveries } = await queue.exchange({
        done: [],
        renewed: [],
        wanted,
        heartbeat: true,
        countBacklog: false,
      });
      died.push(...deliveries.map(({ body }) => JSON.parse(body).args.id));
    }
    expect(new Set(died).size).toBe(50);
    await consuming.consume({ inFlight: 10, maxConsumers: 10 });
    expect(sorted([...died, ...consuming.ran])).toEqual(sorted(idsOf(jobs)));
    // The jobs of the dead are still there, for the consumer that comes after their leases.
    expect(await leftovers()).toMatchObject({ jobs: 50, pending: 50, turns: 0 });
  });

  it('shares a queue among several consumers without running a job twice', async () => {
    const jobs = [...jobsOf('a', 600), ...jobsOf('b', 60), ...jobsOf('c', 6)];
    await send(jobs);
    await Promise.all([1, 2, 3].map(() => consuming.consume({ inFlight: 10 })));
    expect(sorted(consuming.ran)).toEqual(sorted(idsOf(jobs)));
    expect(await leftovers()).toEqual(nothing);
  });

  it('leaves every job to a consumer of the last version, which reads in the order of the stream', async () => {
    const jobs = [...jobsOf('a', 100), ...jobsOf('b', 20)];
    await send(jobs);
    const queue = consuming.queue();
    await queue.enter();
    const wanted = { transactional: 0, bulk: 10, webhook: 0, 'webhook-slow': 0 };
    const receive = async () =>
      queue.exchange({ done: [], renewed: [], wanted, heartbeat: false, countBacklog: false });
    const delivered = [...(await receive()).deliveries, ...(await receive()).deliveries];
    const read = ['XREADGROUP', 'GROUP', 'workers', 'old', 'COUNT', '1000', 'STREAMS', key('bulk'), '>'];
    const [[, entries = []] = []] = (await database.command(...read)) as [unknown, [unknown, unknown[]][]][];
    const others = entries.map(([, fields]) => JSON.parse(String(fields[1])).args.id);
    const known = delivered.map(({ body }) => JSON.parse(body).args.id);
    expect(sorted([...new Set([...known, ...others])])).toEqual(sorted(idsOf(jobs)));
    // What the old one has now is not taken from it; the new one finds nothing to do.
    expect((await receive()).deliveries).toEqual([]);
  });

  it('costs at most half a command more for each job than a queue that nobody has to share', async () => {
    const perJob = async (inFlight: number) => {
      const own = createConsuming(database);
      consuming = own;
      await database.command('CONFIG', 'RESETSTAT');
      await send(jobsOf('a', 1_000));
      await own.consume({ inFlight });
      expect(own.ran).toHaveLength(1_000);
      const { info: _, 'config|resetstat': __, ...stats } = await database.commandStats();
      return Object.values(stats).reduce((sum, calls) => sum + calls, 0) / 1_000;
    };
    const [alone, shared] = [await perJob(10_000), await perJob(50)];
    console.info(`commands a job: ${alone} read at once, ${shared} in turn`);
    expect(shared - alone).toBeLessThanOrEqual(0.5);
  });
});
