import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { retryEmail } from '../../../../functions/core/email/reschedule.ts';
import { cancel, claim, markFailed, markSent, release } from '../../../../functions/core/email/transitions.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import { messageIdOf, sesEvents } from './ses-events.ts';
import { eventsOf, NOW_MS, one, run, setUp } from './set-up.ts';

describe('the Send event of an email whose worker crashed', () => {
  it('marks it sent, so that the redelivered job has nothing to send', async () => {
    const { table, settle, record, sending } = setUp();
    await sending();
    expect(await settle(sesEvents.send(one))).toEqual([]);
    expect(await record()).toMatchObject({ status: 'sent', messageId: messageIdOf('one') });
    expect(await record()).not.toHaveProperty('leaseUntilMs');
    const redelivered = await claim(
      table,
      { id: 'one', fingerprint: 'f' },
      { ...run, runId: 'another', nowMs: NOW_MS + 600_000, leaseUntilMs: NOW_MS + 700_000 },
    );
    expect(redelivered.applied).toBe(false);
  });

  it('does so for one that waits for a retry after a lost answer', async () => {
    const { table, settle, record, sending } = setUp();
    await sending();
    await release(
      table,
      { key: recordKey('one'), runId: run.runId },
      { atMs: NOW_MS, detail: 'Amazon SES did not answer' },
    );
    await settle(sesEvents.send(one));
    expect((await record()).status).toBe('sent');
    expect(
      (await claim(table, { id: 'one', fingerprint: 'f' }, { ...run, runId: 'another', attempt: 2 })).applied,
    ).toBe(false);
  });

  it('corrects the status of an email that was marked failed or canceled', async () => {
    const fail: typeof cancel = (table, id, atMs) =>
      markFailed(table, { id, fingerprint: 'f' }, [{ status: 'queued' }], atMs, 'Amazon SES did not answer');
    for (const end of [fail, cancel]) {
      const { table, settle, record, sending } = setUp();
      await sending();
      await release(
        table,
        { key: recordKey('one'), runId: run.runId },
        { atMs: NOW_MS, detail: 'Amazon SES did not answer' },
      );
      await end(table, 'one', NOW_MS);
      await settle(sesEvents.send(one));
      expect((await record()).status).toBe('sent');
    }
  });

  it('writes nothing when the worker was faster', async () => {
    const { table, settle, record, sending } = setUp();
    await sending();
    await markSent(table, 'one', messageIdOf('one'), NOW_MS);
    const before = await record();
    await settle(sesEvents.send(one), sesEvents.send(one));
    expect(await record()).toEqual(before);
  });

  it('shows in the timeline that an email went out twice', async () => {
    const { settle, record, sending } = setUp();
    await sending();
    await settle(sesEvents.send(one), sesEvents.send({ ...one, messageId: 'another' }));
    await settle(sesEvents.send({ ...one, messageId: 'another' }));
    const { timeline, messageId } = await record();
    expect(messageId).toBe(messageIdOf('one'));
    expect(timeline.filter(({ detail }) => detail === 'sent again: another')).toHaveLength(1);
  });
});

describe('status moves forward only', () => {
  it('when a delivery arrives before the Send event and before the worker has written', async () => {
    const { table, settle, record, sending } = setUp();
    await sending();
    await settle(sesEvents.delivery(one));
    await settle(sesEvents.send(one));
    expect((await markSent(table, 'one', messageIdOf('one'), NOW_MS)).applied).toBe(false);
    expect((await record()).status).toBe('delivered');
    expect(eventsOf(await record()).toSorted()).toEqual(['delivered', 'sent']);
  });

  it.each([
    ['delivered', 'complained', [sesEvents.complaint(one), sesEvents.delivery(one)]],
    ['an out-of-office reply', 'delivered', [sesEvents.bounce(one, 'Transient'), sesEvents.delivery(one)]],
    ['a soft bounce alone', 'bounced', [sesEvents.delay(one), sesEvents.bounce(one, 'Transient', 'MailboxFull')]],
    ['a delay', 'delivered', [sesEvents.delivery(one), sesEvents.delay(one)]],
    ['a hard bounce after delivery', 'bounced', [sesEvents.bounce(one), sesEvents.delivery(one)]],
    ['an open', 'clicked', [sesEvents.click(one), sesEvents.open(one)]],
    ["SES's own list", 'suppressed', [sesEvents.bounce(one, 'Permanent', 'OnAccountSuppressionList')]],
    ["SES's own list, for a complaint", 'suppressed', [sesEvents.suppressedComplaint(one)]],
    ['a rejection before its Send', 'failed', [sesEvents.reject(one), sesEvents.send(one)]],
    ['a rejection after its Send', 'failed', [sesEvents.send(one), sesEvents.reject(one)]],
    ['a template that does not render', 'failed', [sesEvents.renderingFailure(one)]],
  ])('%s ends as %s in either order', async (_what, status, events) => {
    for (const order of [events, events.toReversed()]) {
      const { settle, record, sending } = setUp();
      await sending();
      for (const event of order) await settle(event, event);
      expect((await record()).status).toBe(status);
    }
  });

  it('when a rejected email was retried: the old message does not fail it again', async () => {
    const { backend, table, settle, record, sending } = setUp();
    await sending();
    await settle(sesEvents.send(one), sesEvents.reject(one));
    await retryEmail(await record(), { backend, nowMs: NOW_MS });
    await settle(sesEvents.send(one), sesEvents.reject(one));
    expect((await record()).status).toBe('queued');
    await claim(table, { id: 'one', fingerprint: 'f' }, run);
    await settle(sesEvents.send({ ...one, messageId: 'second' }));
    expect(await record()).toMatchObject({ status: 'sent', messageId: 'second' });
  });
});

describe('the timeline', () => {
  it('has entries for each recipient', async () => {
    const { settle, record, sending, published } = setUp();
    await sending('one', ['a@example.com', 'B <b@example.com>']);
    const both = { ...one, recipients: ['a@example.com', 'b@example.com'] };
    await settle(sesEvents.send(both), sesEvents.delivery({ ...one, recipients: ['A@Example.com'] }));
    await settle(sesEvents.bounce({ ...one, recipients: ['b@example.com'] }));
    const { timeline, status } = await record();
    expect(status).toBe('bounced');
    expect(timeline.map(({ event, recipient }) => [event, recipient])).toEqual([
      ['sent', undefined],
      ['delivered', 'a@example.com'],
      ['bounced', 'b@example.com'],
    ]);
    expect(published.map(({ type, recipient }) => [type, recipient])).toContainEqual([
      'email.bounced',
      'b@example.com',
    ]);
  });

  it('keeps ten opens, so that a record stays small; all of them are published', async () => {
    const { settle, record, sending, published } = setUp();
    await sending();
    for (let count = 0; count < 200; count++) await settle(sesEvents.open({ ...one, afterMs: count * 1_000 }));
    expect(eventsOf(await record()).filter((event) => event === 'opened')).toHaveLength(10);
    expect(new Set(published.filter(({ type }) => type === 'email.opened').map(({ eventId }) => eventId)).size).toBe(
      200,
    );
    expect(JSON.stringify(await record()).length).toBeLessThan(2_000);
  });

  it('marks opens by programs, which do not change the status', async () => {
    const { settle, record, sending } = setUp();
    await sending();
    await settle(sesEvents.delivery(one), sesEvents.open(one, 'Mozilla/5.0'), sesEvents.click(one, 'Barracuda/1.0'));
    const { status, timeline } = await record();
    expect(status).toBe('delivered');
    expect(timeline.filter(({ machine }) => machine).map(({ event }) => event)).toEqual(['opened', 'clicked']);
  });

  it('has an event once, which is published once', async () => {
    const { settle, published, sending } = setUp();
    await sending();
    await settle(sesEvents.delivery(one));
    await settle(sesEvents.delivery(one));
    expect(published.filter(({ type }) => type === 'email.delivered')).toHaveLength(1);
  });
});

describe('events that are not recorded', () => {
  it('are counted: those of other mail, of unknown types, and the text that tests a topic', async () => {
    const { settle, logged, sending, record } = setUp();
    await sending();
    const foreign = JSON.stringify({
      ...JSON.parse(sesEvents.delivery(one)),
      mail: { timestamp: '2026-11-21T10:00:00Z', messageId: 'm', tags: {} },
    });
    const unknown = JSON.stringify({ ...JSON.parse(sesEvents.delivery(one)), eventType: 'Subscription' });
    const hello = 'Successfully validated SNS topic for Amazon SES event publishing.';
    expect(await settle(foreign, unknown, hello, sesEvents.delivery({ emailId: 'expired' }))).toEqual([]);
    expect(logged).toEqual([{ message: 'events dropped', fields: { notOurs: 3, emailGone: 1 } }]);
    expect((await record()).status).toBe('sending');
  });

  it('come back alone if they are malformed, and their text is not logged', async () => {
    const { settle, logged, sending, record } = setUp();
    await sending();
    const broken = JSON.stringify({
      ...JSON.parse(sesEvents.delivery(one)),
      delivery: { recipients: 'secret@example.com' },
    });
    expect(await settle('{', broken, sesEvents.delivery(one))).toEqual(['notice-1', 'notice-2']);
    expect((await record()).status).toBe('delivered');
    expect(JSON.stringify(logged)).not.toContain('secret@example.com');
  });

  it('come back when the table or the webhook queue fails, and are published then', async () => {
    const { dependencies, table, published, sending, record } = setUp();
    await sending();
    const notices = [{ id: 'n', body: sesEvents.bounce(one) }];
    const down = async () => Promise.reject(new Error('down'));
    expect(await processFeedback(notices, { ...dependencies, publish: down })).toEqual(['n']);
    expect((await record()).status).toBe('sending');
    expect(await processFeedback(notices, { ...dependencies, table: { ...table, update: down } })).toEqual(['n']);
    expect(await processFeedback(notices, dependencies)).toEqual([]);
    expect((await record()).status).toBe('bounced');
    const ids = published.filter(({ type }) => type === 'email.bounced').map(({ eventId }) => eventId);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('what SES reports of an email', () => {
  it('is counted once for each email, however many recipients it has and however often the event comes', async () => {
    const { sending, table, dependencies } = setUp();
    await sending('one', ['a@example.com', 'b@example.com']);
    await markSent(table, 'one', messageIdOf('one'), NOW_MS);
    const counted: string[] = [];
    const process = (...bodies: string[]) =>
      processFeedback(
        bodies.map((body, index) => ({ id: String(index), body })),
        { ...dependencies, counted: (event) => counted.push(event) },
      );
    const [a, b] = ['a@example.com', 'b@example.com'].map((recipient) => ({ emailId: 'one', recipients: [recipient] }));
    if (!a || !b) throw new Error('there are two');
    await process(sesEvents.send(a), sesEvents.delivery(a));
    await process(sesEvents.delivery(a), sesEvents.delivery(b), sesEvents.complaint(b));
    expect(counted).toEqual(['delivered', 'complained']);
  });
});
