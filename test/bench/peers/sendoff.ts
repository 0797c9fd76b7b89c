import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalEvent } from '../../../lib/local/cloud/log.ts';
import { type LocalSendoff, startLocalSendoff } from '../../../lib/local/start.ts';
import { acceptLoad, callLoad, type Load } from '../load.ts';
import { holdWorkers } from '../workers.ts';
import {
  type Contender,
  type Drained,
  type Enqueued,
  WARM_UP_ENQUEUES,
  WARM_UP_SHARE,
  type Work,
} from './contender.ts';
import { ENDED } from './tasks.ts';

/** On AWS an email is delivered a second or more after SES took it. */
const DELIVERY_MS = 400;
const CLIENTS = 16;
/**
 * Calls by so many clients before anything is measured: each function then has compiled its code, as a deployed one has after its first
 * minutes. With one client they all go to the instance that is measured with one client.
 */
const WARM_UP = [
  { calls: 500, clients: CLIENTS },
  { calls: 2_000, clients: 1 },
] as const;
const TIME_LIMIT_MS = 180_000;
const CPU_REPORT_MS = 500;

/** Sendoff with default options on the local cloud: its HTTP API, its functions, and a mail server of `latencyMs`. */
export async function startSendoff(
  backend: 'aws' | 'redis',
  latencyMs: number,
  isMeasured: (work: Work) => boolean,
): Promise<Contender> {
  const ended = createCounter();
  const local = await startLocalSendoff({
    config: {
      backend,
      ...(backend === 'redis' ? { redisSecret: 'bench' } : {}),
      tasks: join(import.meta.dirname, 'tasks.ts'),
    },
    ses: { latencyMs, eventDelayMs: { Delivery: DELIVERY_MS } },
    log: (event: LocalEvent) => {
      if (event.kind === 'output') ended.count(Number(ENDED.exec(event.line)?.[1] ?? 0));
    },
  });
  const contender = contenderOf(local, ended);
  for (const work of (['email', 'empty'] as const).filter(isMeasured)) {
    for (const { calls, clients } of WARM_UP) await contender.enqueue(work, calls, clients);
    await contender.drain(work);
  }
  return contender;
}

function contenderOf(local: LocalSendoff, ended: Counter): Contender {
  const { cloud } = local;
  const args = { user: 42 };
  const loads: Readonly<Record<Work, Load>> = {
    email: acceptLoad(local),
    empty: callLoad(local, 'peers.empty', args),
    unkept: callLoad(local, 'peers.unkept', args),
    sleep: callLoad(local, 'peers.sleep', args),
  };
  const done = (work: Work) => (work === 'email' ? cloud.ses.sentCount : ended.value());
  const waitFor = (work: Work, count: number) =>
    within(
      work === 'email' ? cloud.ses.waitForMessages(count) : ended.reaches(count),
      () => `${done(work)} of ${count}`,
    );
  const api = () => cpuOf(local, /Api/);
  const workers = (work: Work) => cpuOf(local, work === 'email' ? /SendFunction|RedisConsumer/ : /TasksFunction/);
  let release: (() => Promise<void>) | undefined;
  let doneBefore = 0;
  let waiting = 0;
  return {
    works: ['email', 'empty', 'unkept', 'sleep'],
    fewAtATime: false,
    enqueue: async (work, count, clients): Promise<Enqueued> => {
      if (!release) {
        doneBefore = done(work);
        release = await holdWorkers(local, work === 'email' ? 'emails' : 'tasks');
      }
      await loads[work].run(WARM_UP_ENQUEUES, clients);
      const before = api();
      const { p50Ms, perSecond } = await loads[work].run(count, clients);
      waiting += count + WARM_UP_ENQUEUES;
      return { p50Ms, perSecond, cpuMs: (api() - before) / count };
    },
    drain: async (work): Promise<Drained> => {
      const all = waiting;
      const warm = Math.round(all * WARM_UP_SHARE);
      const before = workers(work);
      // On AWS a poll that waits already when workers are held gets a batch. If more jobs ran, neither their time nor their CPU
      // would be that of a drain.
      const ran = done(work) - doneBefore;
      const isHeld = ran <= warm / 2;
      waiting = 0;
      await release?.();
      release = undefined;
      await waitFor(work, doneBefore + warm);
      const startedAtMs = performance.now();
      await waitFor(work, doneBefore + all);
      const seconds = (performance.now() - startedAtMs) / 1000;
      await cloud.idle();
      // An instance reports its CPU when it asks for the next invocation. That of a consumer is a whole drain.
      await sleep(CPU_REPORT_MS);
      if (!isHeld) return { perSecond: Number.NaN, cpuMs: Number.NaN };
      return { perSecond: (all - warm) / seconds, cpuMs: (workers(work) - before) / (all - ran) };
    },
    close: async () => {
      for (const one of Object.values(loads)) one.close();
      await cloud.close();
    },
  };
}

interface Counter {
  count(more: number): void;
  value(): number;
  reaches(count: number): Promise<void>;
}

function createCounter(): Counter {
  let value = 0;
  let wanted = 0;
  let reached = Promise.withResolvers<void>();
  return {
    count: (more) => {
      value += more;
      if (value >= wanted) reached.resolve();
    },
    value: () => value,
    reaches: (count) => {
      wanted = count;
      reached = Promise.withResolvers<void>();
      if (value >= count) reached.resolve();
      return reached.promise;
    },
  };
}

function within(promise: Promise<unknown>, state: () => string): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`after ${TIME_LIMIT_MS / 1000} s: ${state()}`)), TIME_LIMIT_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function cpuOf({ cloud }: LocalSendoff, which: RegExp): number {
  return [...cloud.functions.values()].reduce((sum, one) => (which.test(one.logicalId) ? sum + one.cpuMs() : sum), 0);
}
