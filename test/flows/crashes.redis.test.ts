import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backlog } from '../../functions/adapters/redis/operations.ts';
import { LEASE_MS } from '../../functions/adapters/redis/times.ts';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { hasRedis } from '../helpers/redis-database.ts';
import { startSendoff } from '../helpers/start-sendoff.ts';
import { anEmail, redisClientOf } from './running.ts';

/** Emails that are sent during the crashes; `npm run test:crashes` sends more. */
const COUNT = Number(process.env.CRASH_EMAILS ?? 100);
/** A consumer renews its leases every 1.5 s: this long after SES took an email, its job cannot have come back. */
const LOOK_MS = LEASE_MS - 2_000;

describe.skipIf(!hasRedis)('on backend=redis', () => {
  let sendoff: LocalSendoff;

  beforeAll(async () => {
    sendoff = await startSendoff({
      config: { backend: 'redis', maxReceiveCount: '100' },
      ses: { latencyMs: 50 },
      log: () => {},
    });
  }, 60_000);
  afterAll(() => sendoff?.cloud.close());

  /** The id of an accepted email; undefined when the answer was not 2xx, or none. */
  const post = (email: object) =>
    new Promise<string | undefined>((resolve) => {
      const body = JSON.stringify(email);
      const headers = { authorization: `Bearer ${sendoff.apiKey}`, 'content-type': 'application/json' };
      const outgoing = request(`${sendoff.cloud.apiUrl}/emails`, { method: 'POST', headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(text).id : undefined));
      });
      outgoing.on('error', () => resolve(undefined));
      outgoing.end(body);
    });

  /** Jobs that are waiting or with a consumer, also a crashed one. */
  const jobsLeft = async () => Number(await redisClientOf(sendoff).run(backlog()));
  /** Waits until all of these emails are sent and no job is left, or none was sent for so long. Answers how often each was sent. */
  const sentTimes = async (ids: readonly string[], patienceMs: number) => {
    const times = () => {
      const counts = new Map(ids.map((id) => [id, 0]));
      for (const { tags } of sendoff.cloud.ses.messages()) {
        const id = tags[EMAIL_ID_TAG] ?? '';
        if (counts.has(id)) counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      return counts;
    };
    const unsent = () => [...times().values()].filter((count) => count === 0).length;
    const startedAtMs = Date.now();
    let [left, changedAtMs] = [unsent(), startedAtMs];
    while ((left > 0 || (await jobsLeft()) > 0) && Date.now() - changedAtMs < patienceMs) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = unsent();
      if (now < left) [left, changedAtMs] = [now, Date.now()];
    }
    return { times: times(), longestStallMs: longestGapMs(sendoff.cloud.ses.messages()) };
  };
  const summary = (times: ReadonlyMap<string, number>) => ({
    lost: [...times.values()].filter((count) => count === 0).length,
    twice: [...times].filter(([, count]) => count > 1).map(([id]) => id),
  });
  /**
   * Looks at each email's record before the jobs of a crashed consumer are delivered again. `untold` has the emails that SES had
   * accepted but whose Send event had not arrived by then, and those that a busy machine looked at too late.
   */
  const watchSendEvents = () => {
    const [looked, untold] = [new Set<string>(), new Set<string>()];
    const look = async (id: string, sentAtMs: number) => {
      const record = await sendoff.table.get<EmailRecord>(recordKey(id));
      if (record?.status === 'sending' || Date.now() - sentAtMs > LOOK_MS + 400) untold.add(id);
    };
    const timer = setInterval(() => {
      for (const { sentAtMs, tags } of sendoff.cloud.ses.messages()) {
        const id = tags[EMAIL_ID_TAG] ?? '';
        if (looked.has(id) || Date.now() - sentAtMs < LOOK_MS) continue;
        looked.add(id);
        void look(id, sentAtMs);
      }
    }, 50);
    return { untold, stop: () => clearInterval(timer) };
  };
  /** Accepts so many emails, 20 at a time; calls `between` after each 20. */
  const accept = async (count: number, between: (done: number, answered: readonly string[]) => Promise<unknown>) => {
    const ids: string[] = [];
    for (let start = 0; start < count; start += 20) {
      const lot = Array.from({ length: Math.min(20, count - start) }, (_, index) =>
        post(anEmail({ subject: `${start + index}` })),
      );
      ids.push(...(await Promise.all(lot)).filter((id) => id !== undefined));
      await between(start + 20, ids);
    }
    return ids;
  };

  it(`loses none of ${COUNT} emails though consumers are killed at random, and sends none twice`, async () => {
    let kills = 0;
    let calls = 0;
    // The cloud can fail the consumers' calls to SES only. Some of these calls kill the consumer after SES has accepted the
    // email and before the record says so.
    const fault = sendoff.cloud.faults.add({
      service: 'ses',
      action: '*',
      functionName: 'RedisConsumer',
      match: () => {
        const hit = ++calls % 70 === 0;
        if (hit) kills++;
        return hit;
      },
      when: 'after',
      effect: { kind: 'kill' },
    });
    const { untold, stop } = watchSendEvents();
    const ids = await accept(COUNT, async (done) => {
      if (done % 100 === 0) kills += sendoff.cloud.function('RedisConsumer').kill();
    });
    await sendoff.cloud.ses.waitForMessages(Math.floor(COUNT * 0.8));
    fault.remove();
    const { times, longestStallMs } = await sentTimes(ids, 60_000);
    stop();
    const { lost, twice } = summary(times);
    const known = twice.filter((id) => !untold.has(id));
    console.info(
      `accepted ${ids.length}, lost ${lost}, sent twice ${twice.length} (told of in time and yet sent twice ${known.length}), consumers killed ${kills}, longest stall ${(longestStallMs / 1000).toFixed(1)} s`,
    );
    expect(kills).toBeGreaterThan(0);
    expect({ accepted: ids.length, lost }).toEqual({ accepted: COUNT, lost: 0 });
    // The Send event of an email that SES has accepted arrives in about a second; another consumer gets the job after six. A
    // machine that is busy with other tests can be slower than that (seen: 26 at twice its load).
    expect(known).toEqual([]);
  }, 240_000);

  it('sends all that was answered 2xx before redis-server was killed, except what its file did not have yet', async () => {
    const { redis } = sendoff;
    const half = Math.ceil(COUNT / 40) * 20;
    const early: string[] = [];
    const ids = await accept(COUNT, async (done, answered) => {
      if (done !== half) return;
      early.push(...answered);
      await redis?.server?.kill();
      // While it is down nothing is accepted.
      expect(await post(anEmail())).toBeUndefined();
      await redis?.server?.restart();
    });
    const { lost } = summary((await sentTimes(ids, 15_000)).times);
    console.info(
      `redis-server killed after ${early.length} of ${ids.length} accepted emails: lost ${lost} (appendfsync everysec)`,
    );
    expect(ids.length).toBeGreaterThanOrEqual(COUNT - 20);
    // Redis writes to its file before it answers, unless the disk is slow: then up to two seconds are in memory alone.
    expect(lost).toBeLessThanOrEqual(early.length);
    expect(summary((await sentTimes(ids.slice(early.length), 1_000)).times).lost).toBe(0);
  }, 240_000);
});

/** The longest time in which nothing was sent, while emails were accepted or waited all along. */
function longestGapMs(messages: readonly { readonly sentAtMs: number }[]): number {
  const sentAtMs = messages.map((message) => message.sentAtMs).sort((a, b) => a - b);
  return Math.max(0, ...sentAtMs.slice(1).map((atMs, index) => atMs - (sentAtMs[index] ?? atMs)));
}
