import { describe, expect, it } from 'vitest';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { publishFailed } from '../../../../functions/core/email/send/publish-failed.ts';
import { claim, markFailed, markSent } from '../../../../functions/core/email/transitions.ts';
import { eventIdOf } from '../../../../functions/core/event.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import { deliveriesOf } from '../../../../functions/core/webhook/email-deliveries.ts';
import { deleteWebhook } from '../../../../functions/core/webhook/registry.ts';
import { createTableMeter } from '../../../helpers/table-meter.ts';
import { sesEvents } from '../feedback/ses-events.ts';
import { START_MS, setUp } from './delivering.ts';

/** An email that a worker has claimed, beside one of which nothing is asked, and an endpoint for all events. */
async function started() {
  const all = await setUp();
  const { table, publish, add, runUntil } = all;
  await add('hook');
  for (const id of ['two', 'other']) {
    const fields: EmailRecord = {
      ...{ id, status: 'queued', from: 'me@example.com', subject: 's', createdAtMs: START_MS - 1_000 },
      ...{ to: ['a@example.com', 'b@example.com'], fingerprint: 'f', queue: 'transactional', attempts: 0 },
      timeline: [],
    };
    await table.insert({ key: recordKey(id), fields });
    const run = { runId: 'run', attempt: 1, nowMs: START_MS, leaseUntilMs: START_MS + 60_000 };
    await claim(table, { id, fingerprint: 'f' }, run);
  }
  const settle = async (...bodies: string[]) => {
    const queued = bodies.map((body, index) => ({ id: String(index), body }));
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const now = () => START_MS;
    await processFeedback(queued, { table, asWriter: createWriters(now), publish, log, now, retentionMs: 1e9 });
    await runUntil();
  };
  const record = async () => {
    const found = await table.get<EmailRecord>(recordKey('two'));
    if (!found) throw new Error('no record');
    return found;
  };
  const found = async () =>
    (await deliveriesOf(await record(), table)).map(
      ({ webhook, delivery }) => `${webhook.id} ${delivery.type} ${JSON.parse(delivery.payload).data.recipient ?? ''}`,
    );
  return { ...all, settle, record, found };
}

const two = { emailId: 'two', recipients: ['a@example.com', 'b@example.com'] };

describe('the deliveries of an email’s events', () => {
  it('are those of its own events, for each recipient and each endpoint', async () => {
    const { table, add, settle, found } = await started();
    await add('second', ['email.bounced']);
    await markSent(table, 'two', 'ses-two', START_MS + 40);
    await settle(sesEvents.send(two), sesEvents.delivery(two), sesEvents.delivery({ emailId: 'other' }));
    await settle(sesEvents.bounce({ emailId: 'two', recipients: ['b@example.com'], afterMs: 2_000 }));
    expect((await found()).toSorted()).toEqual([
      'hook email.bounced b@example.com',
      'hook email.delivered a@example.com',
      'hook email.delivered b@example.com',
      'hook email.sent ',
      'second email.bounced b@example.com',
    ]);
  });

  it('have `email.sent` when the Send event was the first to say so, and else from the next event on', async () => {
    const first = await started();
    await first.settle(sesEvents.send(two));
    expect(await first.found()).toEqual(['hook email.sent ']);
    const second = await started();
    await markSent(second.table, 'two', 'ses-two', START_MS + 40);
    await second.settle(sesEvents.send(two));
    expect(await second.found()).toEqual([]);
    await second.settle(sesEvents.open({ emailId: 'two' }));
    expect((await second.found()).toSorted()).toEqual(['hook email.opened a@example.com', 'hook email.sent ']);
  });

  it('have what Sendoff itself published: a failure, a suppressed recipient, a schedule', async () => {
    const { table, publish, runUntil, record, found } = await started();
    await markFailed(table, { id: 'two', fingerprint: 'f' }, [{ status: 'sending' }], START_MS, 'no');
    await publishFailed(await record(), publish);
    const timeline = [
      { atMs: START_MS, event: 'scheduled' },
      { atMs: START_MS, event: 'suppressed', recipient: 'b@example.com' },
    ];
    await table.update(recordKey('two'), { append: { timeline } });
    const event = (type: 'email.suppressed' | 'email.scheduled', ...more: string[]) =>
      ({ type, eventId: eventIdOf(type, 'two', ...more), atMs: START_MS, emailId: 'two' }) as const;
    await publish([event('email.suppressed', 'b@example.com'), event('email.scheduled')]);
    await runUntil();
    expect((await found()).toSorted()).toEqual([
      'hook email.failed ',
      'hook email.scheduled ',
      'hook email.suppressed ',
    ]);
  });

  it('are looked up by their keys, at most 1,000 of them, and not at deleted endpoints', async () => {
    const { table, settle, record, found } = await started();
    await settle(sesEvents.send(two), sesEvents.delivery(two));
    const timeline = Array.from({ length: 1_500 }, (_, index) => ({ atMs: START_MS + index, event: 'opened' }));
    const meter = createTableMeter(table);
    expect(await deliveriesOf({ ...(await record()), timeline } as EmailRecord, meter.table)).toEqual([]);
    expect(meter.calls.get('read webhook-event')).toBe(1_000);
    await deleteWebhook(table, 'hook');
    expect(await found()).toEqual([]);
  });
});
