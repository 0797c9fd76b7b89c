import { afterAll, beforeAll, expect, it } from 'vitest';
import { queueDepths } from '../../../../functions/adapters/redis/queue-state.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../../helpers/redis-database.ts';
import { bury, createConsuming } from '../../redis-consumer/consuming.ts';

let database: RedisDatabase;
beforeAll(async () => {
  if (hasRedis) database = await startRedisDatabase();
});
afterAll(() => database?.close());

const none = { waiting: 0, running: 0, delayed: 0 };

it.skipIf(!hasRedis)('the depths are nought before anything was ever sent', async () => {
  const { client } = createConsuming(database);
  const queues = { transactional: none, bulk: none, webhook: none, 'webhook-slow': none };
  expect(await queueDepths(client)).toEqual({ queues, deadLetters: 0 });
});

it.skipIf(!hasRedis)('the depths tell waiting, delivered and delayed jobs apart, by queue', async () => {
  const consuming = createConsuming(database);
  for (let id = 0; id < 5; id++) await consuming.send(String(id));
  await consuming.send('later', { dueAtMs: Date.now() + 60_000 });
  const job = { task: 'note', args: {}, attempt: 1, dueAtMs: Date.now() + 3_600_000 };
  await consuming.backend.broker.send([
    { queue: 'bulk', job },
    { queue: 'bulk', job },
    { queue: 'webhook-slow', job },
  ]);
  const wanted = { transactional: 2, bulk: 0, webhook: 0, 'webhook-slow': 0 };
  await consuming.queue().exchange({ done: [], renewed: [], wanted, heartbeat: true, countBacklog: false });
  await bury(consuming, database);
  expect(await queueDepths(consuming.client)).toEqual({
    queues: {
      transactional: { waiting: 3, running: 2, delayed: 1 },
      bulk: { ...none, delayed: 2 },
      webhook: none,
      'webhook-slow': { ...none, delayed: 1 },
    },
    deadLetters: 1,
  });
});

it.skipIf(!hasRedis)('the depths count all delayed jobs, in steps that keep no one waiting', async () => {
  const { client } = createConsuming(database);
  const members = Array.from({ length: 10_500 }, (_, id) => [String(id), `bulk|${id}|{}`]).flat();
  await database.command('ZADD', client.keyOf('').replace(/doc:$/, 'timers'), ...members);
  expect((await queueDepths(client)).queues.bulk.delayed).toBe(10_500);
});
