import type { LocalSendoff } from '../../../lib/local/start.ts';
import { startLocalSendoff } from '../../../lib/local/start.ts';
import { acceptLoad } from '../load.ts';
import { holdWorkers } from '../workers.ts';
import {
  type Contender,
  type Drained,
  type Enqueued,
  WARM_UP_ENQUEUES,
  WARM_UP_SHARE,
  type Work,
} from './contender.ts';

/** On AWS an email is delivered a second or more after SES took it. */
const DELIVERY_MS = 400;
/** Enough that each function has compiled its code, as a deployed one has after its first minute. */
const WARM_UP = 1_600;
const CLIENTS = 16;

/** Sendoff with default options on the local cloud: its HTTP API, the functions, and a mail server of `latencyMs`. */
export async function startSendoff(backend: 'aws' | 'redis', latencyMs: number): Promise<Contender> {
  const config = { backend, ...(backend === 'redis' ? { redisSecret: 'bench' } : {}) };
  const local = await startLocalSendoff({ config, ses: { latencyMs, eventDelayMs: { Delivery: DELIVERY_MS } } });
  const contender = emailsOf(local);
  await contender.enqueue('email', WARM_UP, CLIENTS);
  await contender.drain('email');
  return contender;
}

function emailsOf(local: LocalSendoff): Contender {
  const { cloud } = local;
  const accept = acceptLoad(local);
  const api = () => cpuOf(local, /Api/);
  const workers = () => cpuOf(local, /Send(Function)|RedisConsumer/);
  let release: (() => Promise<void>) | undefined;
  let sentBefore = 0;
  let waiting = 0;
  return {
    works: ['email'],
    fewAtATime: false,
    enqueue: async (_: Work, count, clients): Promise<Enqueued> => {
      if (!release) {
        sentBefore = cloud.ses.sentCount;
        release = await holdWorkers(local);
      }
      await accept.run(WARM_UP_ENQUEUES, clients);
      const before = api();
      const { p50Ms, perSecond } = await accept.run(count, clients);
      waiting += count + WARM_UP_ENQUEUES;
      return { p50Ms, perSecond, cpuMs: (api() - before) / count };
    },
    drain: async (): Promise<Drained> => {
      const all = waiting;
      const warm = Math.round(all * WARM_UP_SHARE);
      const before = workers();
      waiting = 0;
      await release?.();
      release = undefined;
      await cloud.ses.waitForMessages(sentBefore + warm);
      const startedAtMs = performance.now();
      await cloud.ses.waitForMessages(sentBefore + all);
      const seconds = (performance.now() - startedAtMs) / 1000;
      await cloud.idle();
      return { perSecond: (all - warm) / seconds, cpuMs: (workers() - before) / all };
    },
    close: async () => {
      accept.close();
      await cloud.close();
    },
  };
}

function cpuOf({ cloud }: LocalSendoff, which: RegExp): number {
  return [...cloud.functions.values()].reduce((sum, one) => (which.test(one.logicalId) ? sum + one.cpuMs() : sum), 0);
}
