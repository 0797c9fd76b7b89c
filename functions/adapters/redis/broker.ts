import { randomUUID } from 'node:crypto';
import type { Broker, OutgoingJob } from '../../core/ports/broker.ts';
import type { Operation, RedisClient } from './client.ts';

/** The broker port on Redis Streams; delayed jobs wait in a sorted set, however long. */
export function createRedisBroker({ runAll }: RedisClient): Broker {
  return {
    async send(jobs) {
      if (jobs.length > 0) await runAll(jobs.map((job): Operation => ['send', ...sendArguments(job)]));
    },
  };
}

/** The arguments of the operation `send`, which `submit` ends with too. The nonce keeps equal delayed jobs apart. */
export function sendArguments({ queue, job }: OutgoingJob): [queue: string, job: string, due: string, nonce: string] {
  const due = job.dueAtMs === undefined ? '' : String(Math.ceil(job.dueAtMs));
  return [queue, JSON.stringify(job), due, due && randomUUID().slice(0, 8)];
}
