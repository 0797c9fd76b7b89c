import { expect, it } from 'vitest';
import { createAccept } from '../../../../../lib/local/cloud/ses/accept.ts';
import { createEventPublisher } from '../../../../../lib/local/cloud/ses/events/events.ts';
import { createMessageStore } from '../../../../../lib/local/cloud/ses/message-store.ts';
import { createStatistics } from '../../../../../lib/local/cloud/ses/statistics.ts';

const now = () => 0;
const message = {
  messageId: 'm',
  envelope: { from: 'a@example.com', to: ['b@example.net'] },
  tags: {},
  raw: 'From: a@example.com',
  sentAtMs: 0,
};

function acceptWith(append: () => Promise<void>) {
  const store = createMessageStore(10);
  const events = createEventPublisher({ region: 'x', accountId: '1', now, topicsFor: () => [], log: () => undefined });
  const nothing = async () => undefined;
  const journal = { kept: [], append, clear: nothing, close: nothing };
  const parts = { journal, store, statistics: createStatistics(now), events, relay: undefined, onSent: undefined };
  return { store, accept: createAccept(parts) };
}

it('accepts a message only once it is on disk', async () => {
  const disk = Promise.withResolvers<void>();
  const { store, accept } = acceptWith(() => disk.promise);
  const accepted = accept(message, []);
  expect(store.addedCount).toBe(0);
  disk.resolve();
  await accepted;
  expect(store.addedCount).toBe(1);
});

it('refuses the send when the disk refuses', async () => {
  const { store, accept } = acceptWith(() => Promise.reject(new Error('no space left')));
  await expect(accept(message, [])).rejects.toThrow('no space left');
  expect(store.addedCount).toBe(0);
});
