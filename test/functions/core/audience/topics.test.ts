import { beforeEach, describe, expect, it } from 'vitest';
import { contactId, contactKey } from '../../../../functions/core/audience/contact.ts';
import { existingContact, upsertContacts } from '../../../../functions/core/audience/contacts.ts';
import { type Topic, topicLimits } from '../../../../functions/core/audience/topic.ts';
import {
  changeTopic,
  createTopic,
  deleteTopic,
  findTopic,
  listTopics,
  setTopics,
  subscribes,
} from '../../../../functions/core/audience/topics.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { newId } from '../../../../functions/core/ids.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const email = 'ada@example.com';
const clock = { nowMs: 1_000_000 };
let table: Table;
let published: WebhookEvent[];
let dependencies: Parameters<typeof createTopic>[1];

beforeEach(() => {
  table = createMemoryBackend({ now: () => clock.nowMs }).table;
  published = [];
  const publish = async (events: readonly WebhookEvent[]) => void published.push(...events);
  dependencies = { table, publish, now: () => clock.nowMs, newId };
});

const offers = { name: 'Offers', defaultSubscription: 'opt_in', visibility: 'public' } as const;
const create = (fields: Partial<Topic> = {}) => createTopic({ ...offers, ...fields }, dependencies);
const types = () => published.map(({ type }) => type);

async function contact() {
  await upsertContacts(dependencies, [{ email }]);
  published.length = 0;
  return existingContact(table, email);
}

describe('subscribes', () => {
  it.each([
    ['opt_in', undefined, false, true],
    ['opt_in', 'opt_in', false, true],
    ['opt_in', 'opt_out', false, false],
    ['opt_out', undefined, false, false],
    ['opt_out', 'opt_in', false, true],
    ['opt_out', 'opt_out', false, false],
    ['opt_in', 'opt_in', true, false],
    ['opt_in', undefined, true, false],
  ] as const)('default %s, choice %s, unsubscribed %s: %s', (defaultSubscription, choice, unsubscribed, wanted) => {
    const topics = { ...(choice ? { one: choice } : {}), other: 'opt_in' } as const;
    expect(subscribes({ unsubscribed, topics }, { id: 'one', defaultSubscription })).toBe(wanted);
  });

  it('takes a contact without choices, and an id that every object has, for no choice', () => {
    expect(subscribes({ unsubscribed: false }, { id: 'one', defaultSubscription: 'opt_out' })).toBe(false);
    const topic = { id: 'constructor', defaultSubscription: 'opt_in' } as const;
    expect(subscribes({ unsubscribed: false, topics: {} }, topic)).toBe(true);
  });
});

describe('a topic', () => {
  it('is created, changed and deleted, and each change is published with Resend’s payload', async () => {
    const id = await create({ description: 'Weekly' });
    expect(await findTopic(table, id)).toMatchObject({ ...offers, id, description: 'Weekly' });
    await changeTopic(id, { name: 'Deals', description: null }, dependencies);
    expect(await findTopic(table, id)).toEqual({
      ...{ ...offers, id, name: 'Deals' },
      ...{ createdAtMs: clock.nowMs, updatedAtMs: clock.nowMs + 1 },
    });
    await deleteTopic(id, dependencies);
    await expect(findTopic(table, id)).rejects.toMatchObject({ status: 404, message: 'Topic not found' });
    expect(types()).toEqual(['topic.created', 'topic.updated', 'topic.deleted']);
    expect(new Set(published.map(({ eventId }) => eventId)).size).toBe(3);
    expect(published[2]?.subject).toEqual({
      id,
      name: 'Deals',
      description: null,
      default_subscription: 'opt_in',
      deleted: true,
      created_at: new Date(clock.nowMs).toISOString(),
      updated_at: new Date(clock.nowMs + 2).toISOString(),
    });
  });

  it('is not found by what is no id', async () => {
    for (const id of ['', 'x', newId(), 'x'.repeat(5_000)])
      await expect(findTopic(table, id)).rejects.toMatchObject({ status: 404 });
  });

  it(`is refused as the one after ${topicLimits.topics}`, async () => {
    for (let count = 0; count < topicLimits.topics; count++) await create();
    expect(await listTopics(table)).toHaveLength(topicLimits.topics);
    await expect(create()).rejects.toMatchObject({ status: 422, message: expect.stringContaining('200') });
  });
});

describe('setting the topics of a contact', () => {
  const choicesOf = async () => (await existingContact(table, email)).topics;

  it('keeps what is not named, publishes what changes, and nothing when nothing does', async () => {
    const [one, other] = [await create(), await create()];
    const before = await contact();
    await setTopics(dependencies, before, [{ id: one, subscription: 'opt_out' }]);
    await setTopics(dependencies, await existingContact(table, email), [
      { id: one, subscription: 'opt_out' },
      { id: other, subscription: 'opt_in' },
    ]);
    expect(await choicesOf()).toEqual({ [one]: 'opt_out', [other]: 'opt_in' });
    expect(types()).toEqual(['contact.topics.updated', 'contact.topics.updated']);
    expect(published[1]?.subject).toEqual({ email, topics: [{ id: other, subscription: 'opt_in' }] });
    await setTopics(dependencies, await existingContact(table, email), [{ id: other, subscription: 'opt_in' }]);
    expect(types()).toHaveLength(2);
  });

  it('loses neither of two choices that are made at once', async () => {
    const ids = [await create(), await create(), await create()];
    const read = await contact();
    await Promise.all(ids.map((id) => setTopics(dependencies, read, [{ id, subscription: 'opt_out' }])));
    expect(await choicesOf()).toEqual(Object.fromEntries(ids.map((id) => [id, 'opt_out'])));
  });

  it('publishes the same event again after a crash before the write', async () => {
    const id = await create();
    const read = await contact();
    const update = () => Promise.reject(new Error('crash'));
    const choice = [{ id, subscription: 'opt_out' }] as const;
    await expect(setTopics({ ...dependencies, table: { ...table, update } }, read, choice)).rejects.toThrow('crash');
    await setTopics(dependencies, read, choice);
    expect(published.map(({ eventId }) => eventId)).toEqual([published[0]?.eventId, published[0]?.eventId]);
    expect(await choicesOf()).toEqual({ [id]: 'opt_out' });
  });

  it('refuses a topic that does not exist, and names it', async () => {
    const id = await create();
    const choices = [
      { id, subscription: 'opt_in' },
      { id: 'no id', subscription: 'opt_in' },
    ] as const;
    await expect(setTopics(dependencies, await contact(), choices)).rejects.toMatchObject({
      status: 422,
      message: 'Invalid `topics.1.id` field: there is no topic with this id.',
    });
    expect(await choicesOf()).toEqual({});
  });

  it('answers 404 for a contact that was deleted meanwhile', async () => {
    const id = await create();
    const read = await contact();
    await table.delete(contactKey(contactId(email)));
    const wanted = setTopics(dependencies, read, [{ id, subscription: 'opt_out' }]);
    await expect(wanted).rejects.toMatchObject({ status: 404, message: 'Contact not found' });
  });
});
