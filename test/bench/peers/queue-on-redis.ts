import { type RedisServer, startRedisServer } from '../../../lib/local/cloud/upstash/redis-server.ts';
import { connectRedis } from '../../../lib/local/cloud/upstash/resp.ts';
import { run, start, stop } from '../../deploy/child-process.ts';
import type { SmtpServer } from '../../helpers/smtp-server.ts';
import { typicalEmail } from '../typical-email.ts';
import { type Contender, type Drained, type Enqueued, median, WARM_UP_ENQUEUES, WARM_UP_SHARE } from './contender.ts';
import { cpuOfGroup } from './process-cpu.ts';

/** A task queue as two programs: one enqueues (WORK COUNT CLIENTS), the other works. */
export interface Programs {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly enqueue: readonly [string, ...string[]];
  readonly work: readonly [string, ...string[]];
  readonly fewAtATime?: boolean;
}

const TIME_LIMIT_MS = 180_000;

interface Told {
  readonly times: readonly number[];
  readonly seconds: number;
  readonly cpuMs: number;
}

/** A task queue with a Redis of its own, whose settings are those of Sendoff's. */
export async function startQueueOnRedis(programs: Programs, mailServer: SmtpServer): Promise<Contender> {
  const redis = await startRedisServer();
  const env = {
    PATH: process.env.PATH ?? '',
    ...programs.environment,
    REDIS_URL: `redis://:${redis.password}@${redis.host}:${redis.port}/0`,
    MAIL_PORT: String(mailServer.port),
    EMAIL: JSON.stringify(typicalEmail(0)),
    WARM_UP: String(WARM_UP_ENQUEUES),
  };
  const cwd = programs.directory;
  let waiting = 0;
  return {
    works: ['email', 'empty', 'sleep'],
    fewAtATime: programs.fewAtATime ?? false,
    enqueue: async (work, count, clients): Promise<Enqueued> => {
      const [command, ...args] = programs.enqueue;
      const output = await run(command, [...args, work, String(count), String(clients)], { cwd, env });
      const { times, seconds, cpuMs } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Told;
      waiting += count + WARM_UP_ENQUEUES;
      return { p50Ms: median(times), perSecond: count / seconds, cpuMs: cpuMs / count };
    },
    drain: async (): Promise<Drained> => {
      const all = waiting;
      waiting = 0;
      const drained = await work(programs, { cwd, env }, redis, all);
      await command(redis, 'FLUSHALL');
      return drained;
    },
    close: () => redis.close(),
  };
}

async function work(
  programs: Programs,
  { cwd, env }: { cwd: string; env: Record<string, string> },
  redis: RedisServer,
  all: number,
) {
  const warm = Math.round(all * WARM_UP_SHARE);
  const [program, ...args] = programs.work;
  const warmed = Promise.withResolvers<Moment>();
  const done = Promise.withResolvers<Moment>();
  const { child, output } = start(program, args, {
    cwd,
    env: { ...env, WARM_JOBS: String(warm), ALL_JOBS: String(all) },
    onLine: (line) => {
      if (line === 'warm') warmed.resolve(momentOf(child.pid, redis));
      if (line === 'done') done.resolve(momentOf(child.pid, redis));
    },
  });
  const fail = (why: string) => done.reject(new Error(`the worker ${why}:\n${output().slice(-2_000)}`));
  child.once('close', () => fail('ended'));
  const timer = setTimeout(() => fail(`did not do ${all} jobs in ${TIME_LIMIT_MS / 1000} s`), TIME_LIMIT_MS);
  try {
    const [end, begin] = [await done.promise, await warmed.promise];
    const jobs = all - warm;
    return {
      perSecond: (jobs / (end.atMs - begin.atMs)) * 1000,
      cpuMs: (end.cpuMs - begin.cpuMs) / jobs,
      brokerCpuMs: (end.brokerCpuMs - begin.brokerCpuMs) / jobs,
    };
  } finally {
    clearTimeout(timer);
    done.promise.catch(() => {});
    await stop(child);
  }
}

interface Moment {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly brokerCpuMs: number;
}

async function momentOf(group: number | undefined, redis: RedisServer): Promise<Moment> {
  const moment = { atMs: performance.now(), cpuMs: group === undefined ? 0 : cpuOfGroup(group) };
  const used = String(await command(redis, 'INFO', 'cpu')).matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm);
  return { ...moment, brokerCpuMs: [...used].reduce((sum, [, seconds]) => sum + Number(seconds) * 1000, 0) };
}

async function command(redis: RedisServer, ...args: string[]) {
  const connection = await connectRedis(redis);
  const [reply = null] = await connection.send([args]);
  connection.close();
  return reply;
}
