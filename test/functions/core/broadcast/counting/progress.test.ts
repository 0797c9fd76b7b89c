import { describe, expect, it } from 'vitest';
import {
  addCounts,
  type CountDocument,
  countKey,
  countUnsubscribe,
  progressOf,
  readCounts,
} from '../../../../../functions/core/broadcast/counting/progress.ts';
import { createWriters } from '../../../../../functions/core/document/writers.ts';
import { createMemoryBackend } from '../../../../helpers/memory-backend.ts';
import { putSentBroadcast, SENT_AT_MS } from '../sent-broadcast.ts';

describe('the counters of a broadcast', () => {
  it('are created by the first addition, and none is lost when several processes make it at once', async () => {
    const { table } = createMemoryBackend();
    await Promise.all(Array.from({ length: 20 }, () => addCounts(table, 'b', { sent: 1, delivered: 2 })));
    expect(await readCounts(table, 'b')).toMatchObject({ sent: 20, delivered: 40, bounced: 0 });
    expect(await table.get<CountDocument>(countKey('b'))).toMatchObject({ revision: 20 });
  });

  it('cost nothing when there is nothing to add', async () => {
    const { table } = createMemoryBackend();
    await addCounts(table, 'b', { sent: 0 });
    expect(await table.get(countKey('b'))).toBeUndefined();
  });

  it('are kept as long after the last addition as records are', async () => {
    let nowMs = 0;
    const { table } = createMemoryBackend({ now: () => nowMs });
    await addCounts(table, 'b', { sent: 1 }, { expiresAtMs: 1_000 });
    nowMs = 900;
    await addCounts(table, 'b', { sent: 1 }, { expiresAtMs: 1_900 });
    nowMs = 1_800;
    expect((await readCounts(table, 'b')).sent).toBe(2);
  });

  it('are summed over epochs, and never below 0', async () => {
    const { table } = createMemoryBackend();
    await addCounts(table, 'b', { opened: 2, sent: -1 });
    await addCounts(table, 'b', { opened: 3 }, { epoch: 1 });
    await addCounts(table, 'b', { opened: 4 }, { epoch: 2 });
    expect(await readCounts(table, 'b')).toMatchObject({ opened: 9, sent: 0 });
  });

  it('count a recipient who unsubscribes once, and nobody whose email is gone or of another broadcast', async () => {
    const { table } = createMemoryBackend();
    const { id, emailIds } = await putSentBroadcast(table);
    const [emailId = ''] = emailIds;
    const on = { table, asWriter: createWriters(() => SENT_AT_MS) };
    const once = { broadcastId: id, emailId, atMs: SENT_AT_MS };
    expect(await countUnsubscribe(on, once)).toBe(true);
    expect(await countUnsubscribe(on, once)).toBe(false);
    expect(await countUnsubscribe(on, { ...once, emailId: 'gone' })).toBe(false);
    expect(await countUnsubscribe(on, { ...once, broadcastId: 'another' })).toBe(false);
    expect((await readCounts(table, id)).unsubscribed).toBe(1);
  });
});

describe('the progress of a broadcast', () => {
  const counts = async (given: object) => {
    const { table } = createMemoryBackend();
    await addCounts(table, 'b', given);
    return readCounts(table, 'b');
  };

  it('is the time that the rest takes at the rate, while it is sent', async () => {
    const progress = progressOf(
      { status: 'queued', taken: 500, total: 1_000 },
      await counts({ sent: 380, suppressed: 15, skipped: 5, recipientsDone: 400 }),
      14,
      0,
    );
    expect(progress).toMatchObject({ total: 1_000, sent: 380, suppressed: 15, skipped: 5, rate: 14, etaSeconds: 43 });
  });

  it('adds the time until a scheduled one begins', async () => {
    const scheduled = { status: 'scheduled', total: 100, scheduledAtMs: 60_000 };
    expect(progressOf(scheduled, await counts({}), 10, 0)).toMatchObject({ rate: 0, etaSeconds: 70 });
  });

  it('knows no end of a draft, of a pause, and without a rate; of one that was sent it is 0', async () => {
    const none = await counts({});
    for (const status of ['draft', 'paused', 'canceled', 'failed'])
      expect(progressOf({ status, total: 10 }, none, 10, 0)).toMatchObject({ rate: 0, etaSeconds: null });
    expect(progressOf({ status: 'queued', total: 10 }, none, 0, 0).etaSeconds).toBeNull();
    expect(progressOf({ status: 'sent', total: 10 }, none, 10, 0).etaSeconds).toBe(0);
  });
});
