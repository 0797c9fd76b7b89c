import { describe, expect, it } from 'vitest';
import type { SesMessage } from '../../../../../lib/local/cloud/ses/message.ts';
import { createMessageStore } from '../../../../../lib/local/cloud/ses/message-store.ts';

const message = (messageId: string, raw = 'x'): SesMessage => ({
  messageId,
  envelope: { from: 'a@example.com', to: ['b@example.net'] },
  tags: {},
  raw,
  sentAtMs: 0,
});

const idsIn = (messages: SesMessage[]) => messages.map(({ messageId }) => messageId);

describe('message store', () => {
  it('drops the oldest first and still counts them', () => {
    const store = createMessageStore(2);
    for (const id of ['a', 'b', 'c']) store.add(message(id));
    expect(idsIn(store.list())).toEqual(['b', 'c']);
    expect(store.get('a')).toBeUndefined();
    expect(store.addedCount).toBe(3);
  });

  it('drops by size too: mails of 10 MB must not fill the memory', () => {
    const store = createMessageStore(10_000);
    const large = 'x'.repeat(10 * 1024 * 1024);
    for (let n = 0; n < 60; n++) store.add(message(`m${n}`, large));
    expect(store.list()).toHaveLength(51);
    expect(store.list()[0]?.messageId).toBe('m9');
  });

  it('resolves a wait at the message that makes the count, not before', async () => {
    const store = createMessageStore(10);
    let resolved = false;
    const two = store.waitFor(2).then((messages) => {
      resolved = true;
      return idsIn(messages);
    });
    store.add(message('a'));
    await Promise.resolve();
    expect(resolved).toBe(false);
    store.add(message('b'));
    expect(await two).toEqual(['a', 'b']);
    expect(idsIn(await store.waitFor(1))).toEqual(['a', 'b']);
  });

  it('counts from zero after a clear, and without messages of earlier runs', async () => {
    const store = createMessageStore(10, [message('old')]);
    const one = store.waitFor(1);
    store.add(message('a'));
    expect(idsIn(await one)).toEqual(['old', 'a']);
    store.clear();
    const next = store.waitFor(1);
    store.add(message('b'));
    expect(idsIn(await next)).toEqual(['b']);
  });

  it('rejects pending waits when it closes', async () => {
    const store = createMessageStore(10);
    const waiting = store.waitFor(3);
    store.close();
    await expect(waiting).rejects.toThrow('closed before message 3 came');
  });

  it('changes its version with every add and clear', () => {
    const store = createMessageStore(10);
    const versions = [store.version];
    store.add(message('a'));
    versions.push(store.version);
    store.clear();
    versions.push(store.version, createMessageStore(10).version);
    expect(new Set(versions).size).toBe(4);
  });
});
