import type { LocalSendoff } from '../../lib/local/start.ts';
import { startSynchronousSender } from '../../lib/local/synchronous-sender.ts';
import { acceptLoad, load } from './load.ts';
import { holdWorkers } from './workers.ts';

export const MAIL_SERVER_MS = 100;
/** As many as in the comparison with Celery; Lambda's event source would run more at once than two cores can. */
const CLIENTS = 16;
/** Enough that each function has compiled its code. */
const WARM_UP = CLIENTS * 100;

export interface Counts {
  readonly accepts: number;
  readonly consumed: number;
}

/** How fast emails are accepted while no worker runs, and how fast workers send what has gathered. */
export async function measureSpeed(local: LocalSendoff, { accepts, consumed }: Counts): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  const accept = acceptLoad(local);
  const synchronous = await measureSynchronous(local);
  // Starts and warms all instances: those that accept, and those that send.
  let consume = await gather(local);
  await accept.run(WARM_UP, CLIENTS);
  await consume(WARM_UP, MAIL_SERVER_MS);
  consume = await gather(local);
  const one = await accept.run(accepts, 1);
  const many = await accept.run(consumed, CLIENTS);
  rows.push(
    ['accept p50, 1 client', `${one.p50Ms.toFixed(1)} ms, ${(synchronous.p50Ms / one.p50Ms).toFixed(1)} × sync`],
    ['accept p99, 1 client', `${one.p99Ms.toFixed(1)} ms, ${(synchronous.p99Ms / one.p99Ms).toFixed(1)} × sync`],
    [`accept, ${CLIENTS} clients`, `${many.perSecond.toFixed(0)}/s`],
    [`accept p50, p99, ${CLIENTS} clients`, `${many.p50Ms.toFixed(1)} ms, ${many.p99Ms.toFixed(1)} ms`],
  );
  rows.push(['consumed, mail server 100 ms', await consume(accepts + consumed, MAIL_SERVER_MS)]);
  consume = await gather(local);
  await accept.run(consumed, CLIENTS);
  rows.push(['consumed, mail server 0 ms', await consume(consumed, 0)]);
  accept.close();
  return rows;
}

/** Sending inside the request, by the same code and the same SES. */
async function measureSynchronous({ cloud }: LocalSendoff) {
  cloud.ses.set({ latencyMs: MAIL_SERVER_MS });
  const sender = await startSynchronousSender(cloud);
  const requests = load(sender.url);
  await requests.run(3, 1);
  const result = await requests.run(50, 1);
  requests.close();
  await sender.close();
  return result;
}

/** Holds the workers while emails gather. The answer releases them and measures how fast they send so many. */
async function gather(local: LocalSendoff) {
  const { ses, idle } = local.cloud;
  // Counted before the hold: a receive that is under way still takes the first emails.
  const before = ses.sentCount;
  const release = await holdWorkers(local);
  return async (count: number, mailServerMs: number): Promise<string> => {
    ses.set({ latencyMs: mailServerMs });
    const startedAtMs = performance.now();
    await release();
    await ses.waitForMessages(before + count);
    const seconds = (performance.now() - startedAtMs) / 1000;
    await idle();
    return `${(count / seconds).toFixed(0)} emails/s`;
  };
}
