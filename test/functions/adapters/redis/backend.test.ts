import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { createRedisBackend } from '../../../../functions/adapters/redis/backend.ts';
import { createRedisClient } from '../../../../functions/adapters/redis/client.ts';
import * as operations from '../../../../functions/adapters/redis/operations.ts';
import type { Delivery } from '../../../../functions/core/ports/broker.ts';
import { type QueueName, taskQueueNames } from '../../../../functions/core/queues.ts';
import { audienceContract } from '../../../contracts/audience.ts';
import { backendContract } from '../../../contracts/backend.ts';
import { bodiesContract } from '../../../contracts/bodies.ts';
import { brokerContract } from '../../../contracts/broker.ts';
import { rateLimitContract } from '../../../contracts/rate-limit.ts';
import { runsContract } from '../../../contracts/runs.ts';
import { tableContract } from '../../../contracts/table.ts';
import { webhookListContract } from '../../../contracts/webhook-registry.ts';
import { hasRedis, startRedisDatabase } from '../../../helpers/redis-database.ts';
import { receivesOnce, roomFor } from '../../redis-consumer/consuming.ts';

const outage = { status: 503, error: 'down' };

async function underTest(queues?: readonly QueueName[]) {
  const { front, close } = await startRedisDatabase();
  const client = createRedisClient({
    credentials: async () => front,
    namespace: randomUUID(),
    invokeConsumer: async () => {},
    ...(queues ? { queues } : {}),
  });
  const backend = createRedisBackend(client);
  const receive = async (queue: QueueName): Promise<Delivery[]> => {
    const room = queues ? { [queue]: 10 } : roomFor(0, { [queue]: 10 });
    const rows = (await client.run(operations.receive({ ...receivesOnce, room }))) as [QueueName, string, string][];
    if (rows.length > 0) await client.run(operations.acknowledge({ queue, ids: rows.map(([, id]) => id) }));
    return rows.map(([from, id, body]) => ({ id, body, queue: from }));
  };
  const setDown = (down: boolean) => {
    front.fault = down ? { effect: outage } : undefined;
  };
  const failNext = () => {
    front.fault = { effect: outage, times: 1 };
  };
  return { ...backend, backend, receive, setDown, failNext, close };
}

describe.skipIf(!hasRedis)('on redis-server', () => {
  tableContract('Redis', () => underTest());
  webhookListContract('Redis', () => underTest());
  audienceContract('Redis', () => underTest());
  rateLimitContract('Redis', () => underTest());
  bodiesContract('Redis', () => underTest());
  brokerContract('Redis', () => underTest());
  backendContract('Redis', () => underTest());
  runsContract('Redis', () => underTest(taskQueueNames));
});
