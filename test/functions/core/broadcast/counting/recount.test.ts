import { describe, expect, it } from 'vitest';
import { broadcastKey } from '../../../../../functions/core/broadcast/broadcast.ts';
import { listLinks } from '../../../../../functions/core/broadcast/counting/links.ts';
import {
  addCounts,
  type CountDocument,
  type Counts,
  countKey,
  countUnsubscribe,
  readCounts,
} from '../../../../../functions/core/broadcast/counting/progress.ts';
import { recountBroadcast } from '../../../../../functions/core/broadcast/counting/recount.ts';
import { firstRecount, RECOUNT_AFTER_MS } from '../../../../../functions/core/broadcast/counting/recount-job.ts';
import { createWriters } from '../../../../../functions/core/document/writers.ts';
import { recordKey } from '../../../../../functions/core/email/record.ts';
import { processFeedback } from '../../../../../functions/core/feedback/feedback.ts';
import type { Table } from '../../../../../functions/core/ports/table.ts';
import type { Task } from '../../../../../functions/core/task/task.ts';
import { createWorker } from '../../../../../functions/core/task/worker.ts';
import { createMemoryBackend } from '../../../../helpers/memory-backend.ts';
import { pick, randomFrom } from '../../../../helpers/random-text.ts';
import { sesEvents } from '../../feedback/ses-events.ts';
import {
  addressOf,
  BROADCAST_ID as broadcastId,
  eventsOf,
  idOf,
  putSentBroadcast,
  RETENTION_MS,
  SENT_AT_MS,
} from '../sent-broadcast.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

function setUp() {
  const clock = { nowMs: SENT_AT_MS };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const { table, broker } = backend;
  const asWriter = createWriters(now);
  const settle = (bodies: readonly string[], on: Table = table) =>
    processFeedback(
      bodies.map((body, index) => ({ id: `n-${index}`, body })),
      { table: on, asWriter, publish: async () => {}, log: quiet, now, retentionMs: RETENTION_MS },
    );
  /** Runs one waiting job at its time; with `dies` the worker is killed at that call of the table or the broker. */
  const runOne = async (dies = Number.POSITIVE_INFINITY) => {
    const [next] = backend.waiting().toSorted((a, b) => (a.job.dueAtMs ?? 0) - (b.job.dueAtMs ?? 0));
    if (!next) return false;
    clock.nowMs = Math.max(clock.nowMs, next.job.dueAtMs ?? 0);
    let calls = 0;
    const dying = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const value = Reflect.get(target, name, receiver);
          if (typeof value !== 'function') return value;
          return async (...args: unknown[]) => {
            if (++calls >= dies) throw new Error('killed');
            const answer = await value.apply(target, args);
            if (++calls >= dies) throw new Error('killed');
            return answer;
          };
        },
      });
    const dependencies = { table: dying(table), broker: dying(broker), retentionMs: RETENTION_MS };
    const tasks = [recountBroadcast] as unknown as Task<unknown, typeof dependencies>[];
    const worker = createWorker({ tasks, dependencies, broker, log: quiet, concurrency: 1, now, random: Math.random });
    const deliveries = await backend.receive();
    const failed = await worker(deliveries, () => now() + 60_000);
    // SQS delivers it again.
    const again = deliveries.filter(({ id }) => failed.includes(id)).map(({ body }) => JSON.parse(body));
    await broker.send(again.map((job) => ({ queue: 'transactional', job: { ...job, dueAtMs: now() + 1_000 } })));
    return true;
  };
  const begin = () => broker.send([firstRecount(broadcastId, SENT_AT_MS)]);
  return { clock, backend, table, asWriter, settle, runOne, begin };
}

/** A table on which every addition to counters is lost. */
const losing = (table: Table): Table => ({
  ...table,
  update: async (key, change, anyOf) => {
    if (/^broadcast-(count|link)#/.test(key)) throw new Error('killed');
    return table.update(key, change, anyOf);
  },
});

const aboutEvents = ({ chunksDone: _c, recipientsDone: _r, ...counts }: Counts) => counts;

describe('the recount of a broadcast', () => {
  it('restores what was lost: all of it, three times, an hour, a day and three days after the end', async () => {
    const { clock, table, settle, runOne, begin, backend } = setUp();
    const skipped = { suppressed: [0], unsubscribed: [1] };
    const sent = await putSentBroadcast(table, { chunks: 3, size: 5, skipped, count: false });
    const events = sent.emailIds.flatMap((emailId, index) => {
      const options = { emailId, broadcastId, recipients: [sent.emails[index] ?? ''] };
      return [sesEvents.delivery(options), sesEvents.click({ ...options, link: 'https://example.com/a' })];
    });
    await settle(events, losing(table));
    await begin();
    const times: number[] = [];
    while (await runOne()) times.push(Math.round((clock.nowMs - SENT_AT_MS) / 3_600_000));
    expect(await readCounts(table, broadcastId)).toEqual({
      ...(await eventsOf(table, sent)),
      ...{ sent: 9, suppressed: 3, skipped: 3, delivered: 9, clicked: 9, chunksDone: 3, recipientsDone: 15 },
    });
    expect(await listLinks(table, broadcastId)).toEqual([{ url: 'https://example.com/a', clicks: 9, uniqueClicks: 9 }]);
    expect(new Set(times)).toEqual(new Set(RECOUNT_AFTER_MS.map((ms) => ms / 3_600_000)));
    expect(backend.waiting()).toEqual([]);
  });

  it.each([1, 2, 3, 6])(
    'is exact while events arrive, additions are lost, and workers are killed anywhere (%i)',
    async (seed) => {
      const random = randomFrom(seed);
      const { clock, table, asWriter, settle, runOne, begin } = setUp();
      // More than one step: 200 chunks each.
      const sent = await putSentBroadcast(table, { chunks: 450, size: 2 });
      const arrive = async (count: number) => {
        const events = Array.from({ length: count }, () => {
          const index = Math.floor(random() * sent.emailIds.length);
          const afterMs = clock.nowMs - SENT_AT_MS + Math.floor(random() * 1_000);
          const options = { emailId: sent.emailIds[index] ?? '', broadcastId, recipients: [addressOf(index)], afterMs };
          const link = `https://example.com/${pick(random, ['a', 'b', 'c'.repeat(400)])}`;
          return pick(random, [
            () => sesEvents.delivery(options),
            () => sesEvents.open(options),
            () => sesEvents.click({ ...options, link }),
            () => sesEvents.bounce(options),
            () => sesEvents.complaint(options),
            () => sesEvents.bounce(options, 'Permanent', 'Suppressed'),
          ])();
        });
        return events;
      };
      const unsubscribe = async () => {
        const emailId = sent.emailIds[Math.floor(random() * sent.emailIds.length)] ?? '';
        await countUnsubscribe({ table, asWriter }, { broadcastId, emailId, atMs: clock.nowMs });
      };
      for (let batch = 0; batch < 20; batch++) {
        await settle(await arrive(20), random() < 0.4 ? losing(table) : table);
        await unsubscribe();
      }
      const before = await readCounts(table, broadcastId);
      await begin();
      for (let more = true; more; ) {
        // Nothing is lost from here on: what arrives while records are read must be counted exactly once.
        const batch = await arrive(5);
        const [, next] = await Promise.all([
          settle(batch),
          runOne(random() < 0.3 ? Math.ceil(random() * 12) : undefined),
        ]);
        if (random() < 0.3) await unsubscribe();
        more = next;
      }
      const [counts, expected] = [await readCounts(table, broadcastId), await eventsOf(table, sent)];
      expect(aboutEvents(counts)).toEqual(aboutEvents(expected));
      expect(before).not.toMatchObject(aboutEvents(expected));
      expect(counts).toMatchObject({ chunksDone: 450, recipientsDone: 900 });
      const links = await listLinks(table, broadcastId);
      expect(links.reduce((sum, { clicks }) => sum + clicks, 0)).toBe(counts.clickedTotal);
      expect((await table.get<CountDocument>(countKey(broadcastId)))?.epoch).toBe(3);
    },
  );

  it('leaves the counters as they are if records may have expired, or a chunk has', async () => {
    for (const late of [true, false]) {
      const { clock, table, runOne, begin } = setUp();
      await putSentBroadcast(table, { chunks: 2, size: 2 });
      await addCounts(table, broadcastId, { delivered: 4 });
      if (late) clock.nowMs += RETENTION_MS;
      else await table.delete(`broadcast-chunk#${broadcastId}#00000000`);
      await begin();
      while (await runOne());
      expect(await readCounts(table, broadcastId)).toMatchObject({ sent: 4, delivered: 4 });
    }
  });

  it('counts an email whose record was deleted on request as sent', async () => {
    const { table, runOne, begin } = setUp();
    const { emails } = await putSentBroadcast(table, { chunks: 1, size: 4 });
    await table.delete(recordKey(idOf(broadcastId, emails[0] ?? '')));
    await begin();
    while (await runOne());
    expect((await readCounts(table, broadcastId)).sent).toBe(4);
  });

  it('counts what a canceled broadcast sent, also chunks that the fan-out had no time to note', async () => {
    const { table, runOne, begin } = setUp();
    await putSentBroadcast(table, { chunks: 3, size: 4, count: false });
    const canceled = { status: 'canceled', ended: false, nextChunk: 1 };
    await table.update(broadcastKey(broadcastId), { set: canceled, remove: ['sentAtMs', 'total'] });
    await begin();
    while (await runOne());
    expect(await readCounts(table, broadcastId)).toMatchObject({ sent: 12, chunksDone: 3, recipientsDone: 12 });
  });

  it('of a broadcast that is gone does nothing', async () => {
    const { runOne, begin, backend } = setUp();
    await begin();
    while (await runOne());
    expect(backend.waiting()).toEqual([]);
  });
});
