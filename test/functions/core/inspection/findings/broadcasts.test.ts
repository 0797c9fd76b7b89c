import { beforeEach, expect, it } from 'vitest';
import { broadcastKey } from '../../../../../functions/core/broadcast/broadcast.ts';
import { chunkKey, insertChunk } from '../../../../../functions/core/broadcast/delivery/chunk.ts';
import { pauseBroadcast, resumeBroadcast, sendBroadcast } from '../../../../../functions/core/broadcast/lifecycle.ts';
import { broadcasts } from '../../../../../functions/core/inspection/findings/broadcasts.ts';
import { SENDING_KEY } from '../../../../../functions/core/pacing/sending-state.ts';
import { type BroadcastStore, createBroadcastStore } from '../../broadcast/a-store.ts';

const MINUTE_MS = 60_000;

let store: BroadcastStore;
let id: string;
beforeEach(async () => {
  store = await createBroadcastStore();
  ({ id } = await store.draft({ name: 'May' }));
});

const pass = (minutes: number) => {
  store.clock.nowMs += minutes * MINUTE_MS;
};
const examine = () =>
  broadcasts.examine({
    table: store.backend.table,
    depths: async () => [],
    sending: () => store.backend.table.get(SENDING_KEY),
    nowMs: store.now(),
  });

/** A broadcast that is being sent; its last chunk is queued now. */
async function withChunks(chunks: number): Promise<void> {
  await sendBroadcast(id, {}, store);
  const { table } = store.backend;
  const inserted = Array.from({ length: chunks }, (_, n) =>
    insertChunk(table, { broadcastId: id, n, recipients: ['someone'] }, store.now() + 86_400_000),
  );
  await Promise.all(inserted);
  await table.update(broadcastKey(id), { set: { nextChunk: chunks, ended: true, updatedAtMs: store.now() } });
}

const finish = (n: number) =>
  store.backend.table.update(chunkKey(id, n), { set: { doneAtMs: store.now() }, due: null });

it('finds nothing about broadcasts that move, wait for their time, or have ended', async () => {
  const ok = [{ check: 'broadcasts', level: 'ok', text: 'none is paused, late or stands still' }];
  expect(await examine()).toEqual(ok);
  const scheduled = await store.draft();
  await sendBroadcast(scheduled.id, { scheduledAtMs: store.now() + 60 * MINUTE_MS }, store);
  await withChunks(3);
  pass(14);
  await finish(1);
  pass(14);
  expect(await examine()).toEqual(ok);
});

it('names a paused broadcast, and how it goes on', async () => {
  await sendBroadcast(id, {}, store);
  await pauseBroadcast(id, store);
  pass(10);
  expect(await examine()).toEqual([
    {
      check: 'broadcasts',
      level: 'warning',
      text: `"May" (${id}) has been paused for 10 min`,
      advice: expect.stringContaining(`sendoff broadcast resume ${id}`),
    },
  ]);
  await resumeBroadcast(id, store);
  expect(await examine()).toMatchObject([{ level: 'ok' }]);
});

it('names one that stands still, unless sending is held', async () => {
  await withChunks(120);
  pass(10);
  await finish(119);
  pass(16);
  expect(await examine()).toEqual([
    {
      check: 'broadcasts',
      level: 'problem',
      text: `"May" (${id}) has stood still for 16 min: 119 chunks of 120 not done`,
      advice: expect.stringMatching(/dead-letters list.*broadcast pause .*broadcast resume /),
    },
  ]);
  const quota = { readAtMs: store.now(), ratePerSecond: 14, max24Hours: 1_000, sent24Hours: 1_000 };
  await store.backend.table.insert({ key: SENDING_KEY, fields: quota });
  expect(await examine()).toMatchObject([{ level: 'warning', text: `"May" (${id}) waits because sending is held` }]);
});

it('names one that nobody began at its time', async () => {
  await sendBroadcast(id, { scheduledAtMs: store.now() + 10 * MINUTE_MS }, store);
  pass(16);
  expect(await examine()).toMatchObject([{ level: 'problem', text: `"May" (${id}) should have begun 6 min ago` }]);
});
