import { beforeEach, describe, expect, it } from 'vitest';
import {
  BROADCAST_PARTITION,
  type BroadcastStatus,
  broadcastKey,
  when,
} from '../../../../functions/core/broadcast/broadcast.ts';
import {
  cancelBroadcast,
  endBroadcast,
  pauseBroadcast,
  resumeBroadcast,
  sendBroadcast,
  startChange,
} from '../../../../functions/core/broadcast/lifecycle.ts';
import {
  type BroadcastStoreDependencies,
  changeBroadcast,
  deleteBroadcast,
  duplicateBroadcast,
  findContent,
} from '../../../../functions/core/broadcast/store.ts';
import { type BroadcastStore, createBroadcastStore } from './a-store.ts';

const HOUR_MS = 3_600_000;

let store: BroadcastStore;
beforeEach(async () => {
  store = await createBroadcastStore();
});

const moves: Record<string, (id: string, dependencies: BroadcastStoreDependencies) => Promise<unknown>> = {
  change: (id, dependencies) => changeBroadcast(id, { name: 'Other', content: {} }, dependencies),
  send: (id, dependencies) => sendBroadcast(id, {}, dependencies),
  cancel: cancelBroadcast,
  pause: pauseBroadcast,
  resume: resumeBroadcast,
  delete: deleteBroadcast,
};

/** The status after each move that is allowed; the others are refused with 403. */
const allowed: Record<BroadcastStatus, Record<string, BroadcastStatus | 'gone'>> = {
  draft: { change: 'draft', send: 'queued', delete: 'gone' },
  scheduled: { cancel: 'draft' },
  queued: { cancel: 'canceled', pause: 'paused', resume: 'queued' },
  paused: { cancel: 'canceled', pause: 'paused', resume: 'queued' },
  sent: {},
  canceled: {},
  failed: {},
};

/** A broadcast that has come to this status. */
async function inStatus(status: BroadcastStatus): Promise<string> {
  const { id } = await store.draft();
  if (status === 'draft') return id;
  if (status === 'scheduled') {
    await sendBroadcast(id, { scheduledAtMs: store.now() + HOUR_MS }, store);
    return id;
  }
  await sendBroadcast(id, {}, store);
  if (status === 'paused') await pauseBroadcast(id, store);
  if (status === 'canceled') await cancelBroadcast(id, store);
  if (status === 'sent' || status === 'failed') await endBroadcast(id, { status, anyOf: when.fail }, store);
  return id;
}

describe('a broadcast that is', () => {
  for (const [status, ends] of Object.entries(allowed) as [BroadcastStatus, (typeof allowed)[BroadcastStatus]][])
    for (const [name, move] of Object.entries(moves)) {
      const end = ends[name];
      it(`${status}: ${name} ${end ? `makes it ${end}` : 'is refused'}`, async () => {
        const id = await inStatus(status);
        if (!end) {
          await expect(move(id, store)).rejects.toMatchObject({ status: 403, code: 'validation_error' });
          expect((await store.find(id)).status).toBe(status);
          return;
        }
        await move(id, store);
        if (end === 'gone') await expect(store.find(id)).rejects.toMatchObject({ status: 404 });
        else expect((await store.find(id)).status).toBe(end);
      });
    }

  it('unknown is not found by any move', async () => {
    for (const move of Object.values(moves)) {
      await expect(move('none', store)).rejects.toMatchObject({ status: 404 });
      await expect(move('00000000-0000-0000-0000-000000000000', store)).rejects.toMatchObject({ status: 404 });
    }
  });
});

describe('sending', () => {
  it('queues one fan-out and lets the schedule look again', async () => {
    const id = await inStatus('queued');
    expect(store.jobs()).toEqual([['broadcast.fan-out', { id, step: 0 }]]);
    expect(await dueKeys(store.now() + 15 * 60_000)).toEqual([broadcastKey(id)]);
    expect(await store.find(id)).toMatchObject({ startedAtMs: store.now() });
  });

  it('twice at once sends once', async () => {
    const { id } = await store.draft();
    const outcomes = await Promise.allSettled([sendBroadcast(id, {}, store), sendBroadcast(id, {}, store)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(store.jobs()).toHaveLength(1);
  });

  it('again by the same request does nothing, even if it was canceled meanwhile', async () => {
    const { id } = await store.draft();
    const options = { scheduledAtMs: store.now() + HOUR_MS, sentWith: 'key' };
    await sendBroadcast(id, options, store);
    await sendBroadcast(id, options, store);
    await cancelBroadcast(id, store);
    await sendBroadcast(id, options, store);
    expect((await store.find(id)).status).toBe('draft');
    await sendBroadcast(id, { sentWith: 'another' }, store);
    expect((await store.find(id)).status).toBe('queued');
  });

  it('needs a segment that exists and recipients', async () => {
    const { id, segmentId } = await store.draft();
    await store.backend.table.delete(`segment#${segmentId}`);
    await expect(sendBroadcast(id, {}, store)).rejects.toMatchObject({ status: 404 });
    const listed = await store.draft({ listed: true });
    await expect(sendBroadcast(listed.id, {}, store)).rejects.toMatchObject({ status: 422 });
  });
});

describe('a scheduled broadcast', () => {
  it('begins at its time, once', async () => {
    const id = await inStatus('scheduled');
    expect(store.jobs()).toEqual([]);
    expect(await started(id)).toBe(false);
    store.clock.nowMs += HOUR_MS;
    expect(await dueKeys(store.now())).toEqual([broadcastKey(id)]);
    expect(await Promise.all([started(id), started(id)])).toEqual([true, false]);
  });

  it('that is canceled is a draft without a time, and can be sent again', async () => {
    const id = await inStatus('scheduled');
    await cancelBroadcast(id, store);
    store.clock.nowMs += HOUR_MS;
    expect(await started(id)).toBe(false);
    expect((await store.find(id)).scheduledAtMs).toBeUndefined();
    expect(await dueKeys(store.now())).toEqual([]);
    await sendBroadcast(id, {}, store);
    expect((await store.find(id)).status).toBe('queued');
  });
});

describe('a broadcast that is being sent', () => {
  it('and canceled is counted again an hour later', async () => {
    const id = await inStatus('queued');
    const before = store.backend.waiting();
    await cancelBroadcast(id, store);
    expect(store.backend.waiting().slice(before.length)).toMatchObject([
      {
        queue: 'transactional',
        job: { task: 'broadcast.recount', args: { id, round: 0 }, dueAtMs: store.now() + HOUR_MS },
      },
    ]);
    await expect(cancelBroadcast(id, store)).rejects.toMatchObject({ status: 403 });
    expect(store.backend.waiting()).toHaveLength(before.length + 1);
  });

  it('is canceled or has ended, not both', async () => {
    const id = await inStatus('queued');
    const ending = endBroadcast(id, { status: 'sent', anyOf: when.fail }, store);
    const outcomes = await Promise.allSettled([cancelBroadcast(id, store), ending]);
    const { status } = await store.find(id);
    expect(status).toBe(outcomes[0].status === 'fulfilled' ? 'canceled' : 'sent');
    expect(outcomes[1]).toMatchObject({ value: status === 'sent' });
    await expect(cancelBroadcast(id, store)).rejects.toThrow('Only queued or scheduled broadcasts can be canceled');
  });

  it('resumes with the chunks that are not done', async () => {
    const id = await inStatus('paused');
    expect(await dueKeys(store.now() + HOUR_MS)).toEqual([]);
    await Promise.all([resumeBroadcast(id, store), resumeBroadcast(id, store)]);
    expect(store.jobs().slice(1)).toEqual([['broadcast.fan-out', { id, step: 0, requeue: true }]]);
  });

  it('that ended expires with its content', async () => {
    const id = await inStatus('sent');
    const broadcast = await store.find(id);
    expect(broadcast.sentAtMs).toBe(store.now());
    store.clock.nowMs += 30 * 86_400_000 + 1;
    await expect(store.find(id)).rejects.toMatchObject({ status: 404 });
    await expect(findContent(store.backend.table, broadcast)).rejects.toMatchObject({ status: 500 });
  });
});

describe('a draft', () => {
  it('keeps what is not changed; null clears a field', async () => {
    const { id } = await store.draft({
      replyTo: ['a@example.com'],
      content: { subject: 'S', html: 'h', text: 't', previewText: 'p' },
    });
    await changeBroadcast(
      id,
      { name: 'N', content: { text: null, previewText: null, subject: 'S2' }, replyTo: null },
      store,
    );
    const changed = await store.find(id);
    expect(changed).toMatchObject({ name: 'N', subject: 'S2', from: 'Shop <news@example.com>' });
    expect([changed.replyTo, changed.previewText]).toEqual([undefined, undefined]);
    expect(await findContent(store.backend.table, changed)).toEqual({
      id: changed.contentId,
      subject: 'S2',
      html: 'h',
    });
    await expect(changeBroadcast(id, { content: { html: null } }, store)).rejects.toMatchObject({ status: 422 });
  });

  it('has the changes of all who change it at once, and no content is left over', async () => {
    const { id } = await store.draft({ content: { subject: 'S', html: 'h' } });
    const changes = [{ subject: 'S2' }, { text: 't2' }, { previewText: 'p2' }];
    await Promise.all(changes.map((content) => changeBroadcast(id, { content }, store)));
    const changed = await store.find(id);
    expect(await findContent(store.backend.table, changed)).toEqual({
      ...{ id: changed.contentId, subject: 'S2', html: 'h', text: 't2', previewText: 'p2' },
    });
  });

  it('is sent with a change or without it, never with half of it', async () => {
    const { id } = await store.draft();
    const change = changeBroadcast(id, { content: { subject: 'Other', html: 'other' } }, store);
    const [changed] = await Promise.allSettled([change, sendBroadcast(id, {}, store)]);
    const sent = await store.find(id);
    const other = changed.status === 'fulfilled';
    expect(sent).toMatchObject({ status: 'queued', subject: other ? 'Other' : 'News' });
    expect(await findContent(store.backend.table, sent)).toMatchObject({ html: other ? 'other' : '<p>News</p>' });
  });

  it('is what a copy is, whatever the original; its name is cut at 70 characters', async () => {
    const { id } = await store.draft({ name: 'N'.repeat(70), replyTo: ['a@example.com'] });
    await sendBroadcast(id, {}, store);
    const copy = await store.find(await duplicateBroadcast(id, store));
    const original = await store.find(id);
    expect(copy).toMatchObject({ status: 'draft', name: 'N'.repeat(70), subject: 'News', replyTo: ['a@example.com'] });
    expect([copy.segmentId, copy.sentWith, copy.startedAtMs]).toEqual([original.segmentId, undefined, undefined]);
    expect(copy.contentId).not.toBe(original.contentId);
    const short = await store.draft({ name: 'News' });
    expect(await store.find(await duplicateBroadcast(short.id, store))).toMatchObject({ name: 'News (copy)' });
  });
});

/** Whether a scheduled broadcast begins now. */
async function started(id: string): Promise<boolean> {
  const { table } = store.backend;
  return (await table.update(broadcastKey(id), startChange(id, store.now()), when.start(store.now()))).applied;
}

async function dueKeys(atMs: number): Promise<string[]> {
  const before = `${String(atMs + 1).padStart(13, '0')}#`;
  const query = { index: 'due', partition: BROADCAST_PARTITION, limit: 10, order: 'ascending', before } as const;
  return (await store.backend.table.query(query)).map(({ key }) => key);
}
