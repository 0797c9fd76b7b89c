import { beforeEach, describe, expect, it } from 'vitest';
import { upsertContacts } from '../../../../functions/core/audience/contacts.ts';
import type { Subscription } from '../../../../functions/core/audience/topic.ts';
import { createTopic, deleteTopic } from '../../../../functions/core/audience/topics.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { suppress } from '../../../../functions/core/suppression/suppression.ts';
import {
  createOutgoingHeaders,
  createUnsubscribeKey,
  openToken,
} from '../../../../functions/core/suppression/unsubscribe-link.ts';
import { createSimulation, type Simulation } from '../../../helpers/sending-simulation.ts';

const [ada, bob, eve] = ['ada@example.org', 'bob@example.org', 'eve@example.org'];
const REASON = 'The recipient does not subscribe to the topic';

let simulation: Simulation;
let published: WebhookEvent[];
beforeEach(() => {
  simulation = createSimulation();
  published = [];
});

const audience = () => ({
  table: simulation.backend.table,
  publish: async () => {},
  now: () => simulation.clock.nowMs,
  newId,
});

const topic = (defaultSubscription: Subscription) =>
  createTopic({ name: 'Offers', visibility: 'public', defaultSubscription }, audience());

/** Sends an email of the topic; answers its record and to whom it went. */
async function send(topicId: string, ...to: string[]) {
  const id = await simulation.accept({ to, topic_id: topicId });
  await simulation.runUntilQuiet(() => ({
    ...simulation.ports,
    publish: async (events) => void published.push(...(events as WebhookEvent[])),
  }));
  const { status, timeline } = await simulation.record(id);
  const ends = timeline
    .filter(({ event }) => event !== 'queued')
    .map(({ event, detail, recipient }) => [event, detail, recipient]);
  return { status, ends, destinations: simulation.sent.flatMap(({ destinations }) => destinations) };
}

describe('an email with a topic', () => {
  it('fails when its recipient has opted out, and says so', async () => {
    const topicId = await topic('opt_in');
    await upsertContacts(audience(), [{ email: ada, topics: { [topicId]: 'opt_out' } }]);
    expect(await send(topicId, ada)).toEqual({
      status: 'failed',
      ends: [['failed', REASON, undefined]],
      destinations: [],
    });
    expect(published).toMatchObject([{ type: 'email.failed', details: { failed: { reason: REASON } } }]);
    // It is not a fault of the deployment, so no alarm counts it.
    expect(simulation.metrics.counted).toEqual(['accepted transactional']);
  });

  it('goes to the recipients who want it', async () => {
    const topicId = await topic('opt_in');
    await upsertContacts(audience(), [{ email: ada, topics: { [topicId]: 'opt_out' } }, { email: bob }]);
    const { status, ends, destinations } = await send(topicId, ada, bob, eve);
    expect([status, destinations]).toEqual(['sent', [bob, eve]]);
    expect(ends).toEqual([
      ['suppressed', REASON, ada],
      ['sent', undefined, undefined],
    ]);
    expect(published).toMatchObject([
      { type: 'email.suppressed', recipient: ada, details: { suppressed: { message: REASON, type: 'Topic' } } },
    ]);
  });

  it.each<[string, Subscription, { unsubscribed?: boolean; chosen?: Subscription } | undefined, string]>([
    ['a contact who is unsubscribed from everything', 'opt_in', { unsubscribed: true }, 'failed'],
    ['a contact who chose a topic that is off by default', 'opt_out', { chosen: 'opt_in' }, 'sent'],
    ['a contact who chose nothing of a topic that is off by default', 'opt_out', {}, 'failed'],
    ['an address without a contact, of a topic that is on by default', 'opt_in', undefined, 'sent'],
    ['an address without a contact, of a topic that is off by default', 'opt_out', undefined, 'failed'],
  ])('to %s (%s)', async (_name, byDefault, contact, expected) => {
    const topicId = await topic(byDefault);
    const { chosen, ...fields } = contact ?? {};
    if (contact)
      await upsertContacts(audience(), [
        { email: ada, ...fields, ...(chosen ? { topics: { [topicId]: chosen } } : {}) },
      ]);
    expect(await send(topicId, ada)).toMatchObject({ status: expected });
  });

  it('of a topic that was deleted goes to those who chose it', async () => {
    const topicId = await topic('opt_in');
    await upsertContacts(audience(), [{ email: ada, topics: { [topicId]: 'opt_in' } }, { email: bob }]);
    await deleteTopic(topicId, audience());
    expect(await send(topicId, ada, bob)).toMatchObject({ status: 'sent', destinations: [ada] });
  });

  it('is suppressed, not failed, when the suppression list left nobody', async () => {
    const topicId = await topic('opt_out');
    await suppress(simulation.backend.table, async () => {}, [{ email: ada, origin: 'bounce', atMs: 0 }]);
    expect(await send(topicId, ada)).toMatchObject({ status: 'suppressed' });
  });

  it('has an unsubscribe link about the topic, unless it has several recipients or a link of its own', async () => {
    const { table } = simulation.backend;
    const headersOf = createOutgoingHeaders(table, 'https://mail.example.com');
    const record = async (to: string[]) => simulation.record(await simulation.accept({ to, topic_id: 'offers' }));
    const headers = await headersOf(await record([ada]), {});
    expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    const token = headers['List-Unsubscribe']?.slice(1, -1).split('/').at(-1) ?? '';
    expect(openToken(await createUnsubscribeKey(table)(), token)).toMatchObject({ email: ada, topicId: 'offers' });
    expect(await headersOf(await record([ada, bob]), {})).toEqual({});
    const own = { 'List-Unsubscribe': '<mailto:stop@example.com>' };
    expect(await headersOf(await record([ada]), own)).toEqual(own);
  });
});
