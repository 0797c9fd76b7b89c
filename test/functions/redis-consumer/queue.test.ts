import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LEASE_MS } from '../../../functions/adapters/redis/times.ts';
import { hasRedis, queueKey, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { createConsuming, roomFor } from './consuming.ts';

describe.skipIf(!hasRedis)('the queue', () => {
  let database: RedisDatabase;

  beforeAll(async () => {
    database = await startRedisDatabase();
  });
  afterAll(() => database?.close());

  const wanted = roomFor(10);
  const look = { done: [], renewed: [], wanted, heartbeat: true, countBacklog: false };

  it('delivers the jobs of a crashed consumer again after their lease, and no job whose lease is renewed', async () => {
    // Redis counts the lease of a delivery by its own clock.
    const consuming = createConsuming(database);
    const [dead, alive, other] = ['dead', 'alive', 'other'].map((name) => consuming.queue(name));
    if (!dead || !alive || !other) throw new Error('three queues were made');
    await consuming.send('1');
    await consuming.send('2');
    const [left] = (await dead.exchange({ ...look, wanted: roomFor(0, { transactional: 1 }) })).deliveries;
    const kept = (await alive.exchange({ ...look, wanted: roomFor(0, { transactional: 1 }) })).deliveries;
    const startedAtMs = Date.now();
    const turn = async () => {
      await alive.exchange({
        ...look,
        wanted: roomFor(0),
        renewed: kept,
      });
      const { deliveries } = await other.exchange(look);
      return deliveries.length > 0 && deliveries;
    };
    const came = await vi.waitUntil(turn, { timeout: 25_000, interval: 100 });
    expect(came.map(({ id }) => id)).toEqual([left?.id]);
    expect(Date.now() - startedAtMs).toBeGreaterThan(LEASE_MS - 500);
  }, 30_000);

  it('fills the room for each queue, however little room there is for another', async () => {
    const consuming = createConsuming(database);
    const one = consuming.queue('one');
    const queues = ['transactional', 'bulk', 'webhook', 'webhook-slow'] as const;
    const jobs = queues.flatMap((queue) =>
      Array.from({ length: 8 }, (_, id) => ({ queue, job: { task: 'note', args: { id }, attempt: 1 } })),
    );
    await consuming.backend.broker.send(jobs);
    const { deliveries } = await one.exchange({
      ...look,
      wanted: roomFor(0, { transactional: 7, bulk: 9, webhook: 2, 'webhook-slow': 4 }),
    });
    expect(queues.map((name) => deliveries.filter(({ queue }) => queue === name).length)).toEqual([7, 8, 2, 4]);
    expect(new Set(deliveries.map(({ id, queue }) => queue + id)).size).toBe(21);
    const { deliveries: rest, backlog } = await one.exchange({ ...look, countBacklog: true });
    const left = ['transactional', ...Array(6).fill('webhook'), ...Array(4).fill('webhook-slow')];
    expect(rest.map(({ queue }) => queue).sort()).toEqual(left);
    expect(backlog).toBe(32);
    // Acknowledged jobs are removed from their own queue alone; while another queue has jobs, no consumer leaves.
    await one.exchange({ ...look, done: [...deliveries, ...rest].filter(({ queue }) => queue !== 'webhook') });
    expect(await one.leave()).toBe(0);
    await one.exchange({ ...look, done: [...deliveries, ...rest].filter(({ queue }) => queue === 'webhook') });
    expect(await one.leave()).toBe('left');
  });

  it('moves a job to the dead letters after its last allowed receive', async () => {
    const consuming = createConsuming(database);
    const queue = consuming.queue('one');
    await consuming.backend.broker.send([
      { queue: 'webhook', job: { task: 'note', args: { id: 'poison' }, attempt: 1 } },
    ]);
    const [{ id } = { id: '' }] = (await queue.exchange(look)).deliveries;
    const key = (name: string) => queueKey(consuming.client, name);
    // As if it had been received as often as allowed, the last time longer ago than the lease.
    const claimed = ['XCLAIM', key('webhook'), 'workers', 'one', '0', id, 'IDLE', '60000', 'RETRYCOUNT', '3'];
    await database.command(...claimed);
    const { deliveries, dead } = await queue.exchange(look);
    expect(deliveries).toEqual([]);
    expect(dead.map((delivery) => JSON.parse(delivery.body).args.id)).toEqual(['poison']);
    expect(dead.map(({ queue: from }) => from)).toEqual(['webhook']);
    expect(await database.command('XLEN', key('dead'))).toBe(1);
    expect(await database.command('XLEN', key('webhook'))).toBe(0);
  });

  it('leaves few names in the groups of the queues, however many consumers there were', async () => {
    const consuming = createConsuming(database);
    const names = async () => {
      const stream = consuming.client.keyOf('').replace('doc:', 'transactional');
      return (await database.command('XINFO', 'CONSUMERS', stream, 'workers')) as unknown[];
    };
    await Promise.all(Array.from({ length: 1_000 }, (_, id) => consuming.send(String(id))));
    const one = { ...look, wanted: roomFor(0, { transactional: 1 }) };
    const arrivals = await Promise.all(Array.from({ length: 1_000 }, () => consuming.queue().exchange(one)));
    expect(arrivals.flatMap(({ deliveries }) => deliveries)).toHaveLength(1_000);
    const few = (await names()).length;
    expect(few).toBeLessThanOrEqual(256);
    expect(few).toBeGreaterThan(100);
  });

  it('makes the consumer group again after the server has lost its data', async () => {
    const consuming = createConsuming(database);
    await consuming.send('1');
    await consuming.consume();
    await database.command('FLUSHALL');
    await consuming.send('2');
    await consuming.consume();
    expect(consuming.ran).toEqual(['1', '2']);
  });
});
