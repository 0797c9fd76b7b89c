import { randomUUID } from 'node:crypto';
import type { Broker, OutgoingJob } from '../../core/ports/broker.ts';
import type { RedisClient } from './client.ts';
import type { SendArguments } from './lua/queues.ts';
import { send } from './operations.ts';

/** The broker port on Redis Streams; delayed jobs wait in a sorted set, however long. */
export function createRedisBroker({ runAll }: RedisClient): Broker {
  return {
    async send(jobs) {
      if (jobs.length > 0) await runAll(jobs.map((job) => send(sendArguments(job))));
    },
  };
}

/** A job as the script takes it. The group is the first field: the script finds it there without parsing the JSON. */
export function sendArguments({ queue, job }: OutgoingJob): SendArguments {
  const jobDue = job.dueAtMs === undefined ? '' : String(Math.ceil(job.dueAtMs));
  const { group, ...rest } = job;
  return { queue, job: JSON.stringify({ group, ...rest }), jobDue, nonce: jobDue && randomUUID().slice(0, 8) };
}
