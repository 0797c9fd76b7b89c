import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { retryEmail } from '../../../../functions/core/email/reschedule.ts';
import { cancel, claim, markFailed, markSent, release } from '../../../../functions/core/email/transitions.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import type { LogFields } from '../../../../functions/core/ports/telemetry.ts';
import { findSuppression } from '../../../../functions/core/suppression/suppression.ts';
import { laggingTable } from '../../../helpers/lagging-table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { messageIdOf, sesEvents } from './ses-events.ts';

const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

function setUp() {
  const backend = createMemoryBackend();
  const { table } = backend;
  const published: WebhookEvent[] = [];
  const logged: { message: string; fields?: LogFields | undefined }[] = [];
  const write = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const dependencies = {
    table,
    publish: async (events: readonly WebhookEvent[]) => void published.push(...events),
    log: { info: write, warn: write, error: write },
    now: () => NOW_MS,
    retentionMs: 30 * 86_400_000,
  };
  let notices = 0;
  const settle = (...bodies: string[]) =>
    processFeedback(
      bodies.map((body) => ({ id: `notice-${++notices}`, body })),
      dependencies,
    );
  const record = async (id = 'one') => {
    const found = await table.get<EmailRecord>(recordKey(id));
    if (!found) throw new Error(`no record ${id}`);
    return found;
  };
  /** A record that a worker has claimed with attempt 1. */
  const sending = async (id = 'one', to = ['A <a@example.com>']) => {
    const fields: EmailRecord = {
      ...{ id, to, status: 'queued', from: 'me@example.com', subject: 's', createdAtMs: NOW_MS - 1_000 },
      ...{ fingerprint: 'f', queue: 'transactional', attempts: 0, timeline: [] },
    };
    await table.insert({ key: recordKey(id), fields });
    await claim(table, { id, fingerprint: 'f' }, { ...run, leaseUntilMs: NOW_MS + 60_000 });
  };
  return { backend, table, published, logged, dependencies, settle, record, sending };
}

/** The run that claims with attempt 1. */
const run = { runId: 'run', attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 };
const one = { emailId: 'one' };
const eventsOf = ({ timeline }: EmailRecord) => timeline.map(({ event }) => event);

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

describe('suppression by events', () => {
  it('follows a permanent bounce and a complaint, not a soft bounce and not a "not spam"', async () => {
    const { table, settle, sending } = setUp();
    const to = (email: string) => ({ ...one, recipients: [email] });
    await sending();
    await settle(
      sesEvents.bounce(to('Hard@Example.com')),
      sesEvents.bounce(to('soft@example.com'), 'Transient', 'MailboxFull'),
      sesEvents.bounce(to('unclear@example.com'), 'Undetermined', 'Undetermined'),
      sesEvents.complaint(to('angry@example.com')),
      sesEvents.complaint(to('friend@example.com'), 'not-spam'),
      sesEvents.suppressedComplaint(to('formerly-angry@example.com')),
    );
    const origin = async (email: string) => (await findSuppression(table, email))?.origin;
    expect(await origin('hard@example.com')).toBe('bounce');
    expect(await origin('angry@example.com')).toBe('complaint');
    expect(await origin('formerly-angry@example.com')).toBe('complaint');
    for (const email of ['soft', 'unclear', 'friend']) expect(await origin(`${email}@example.com`)).toBeUndefined();
  });

  it("is published as suppressed, not as a complaint, when SES's own list has the address for a complaint", async () => {
    const { settle, sending, published } = setUp();
    await sending();
    await settle(sesEvents.suppressedComplaint(one));
    expect(published.map(({ type }) => type)).toEqual(['suppression.added', 'email.suppressed']);
    expect(published.at(-1)?.details).toEqual({
      suppressed: {
        message: 'Amazon SES has suppressed sending to this address.',
        type: 'OnAccountSuppressionList',
      },
    });
  });

  it('does not apply to addresses of the mailbox simulator, so that a test can bounce again', async () => {
    const { table, settle, sending, published } = setUp();
    await sending();
    const simulated = [
      'bounce@simulator.amazonses.com',
      'Bounce+Label@simulator.amazonses.com',
      'suppressionlist@simulator.amazonses.com',
      'complaint+again@simulator.amazonses.com',
      'bounced@resend.dev',
      'suppressed+a@resend.dev',
      'complained@resend.dev',
    ];
    for (const email of simulated)
      await settle(
        sesEvents.bounce({ ...one, recipients: [email] }),
        sesEvents.bounce({ ...one, recipients: [email] }, 'Permanent', 'Suppressed'),
        sesEvents.complaint({ ...one, recipients: [email] }),
      );
    for (const email of simulated) expect(await findSuppression(table, email)).toBeUndefined();
    expect(published.map(({ type }) => type)).not.toContain('suppression.added');
    expect(published.map(({ type }) => type)).toContain('email.bounced');
    await settle(sesEvents.bounce({ ...one, recipients: ['bounce@example.com'] }));
    expect((await findSuppression(table, 'bounce@example.com'))?.origin).toBe('bounce');
  });

  it('follows a complaint that arrives after the email was deleted', async () => {
    const { table, settle } = setUp();
    await settle(sesEvents.complaint({ emailId: 'deleted long ago' }));
    expect((await findSuppression(table, 'a@example.com'))?.origin).toBe('complaint');
  });
});

describe('several functions that write the same record', () => {
  it('lose no event and move no status back, although all read it before any wrote', async () => {
    const { dependencies, table, sending, record } = setUp();
    await sending('one', ['a@example.com', 'b@example.com']);
    const b = { ...one, recipients: ['b@example.com'] };
    const events = [
      sesEvents.complaint(one),
      sesEvents.send(one),
      sesEvents.delivery(one),
      sesEvents.open(one),
      sesEvents.delivery(b),
      sesEvents.delay(b),
    ];
    let readers = 0;
    let release = () => {};
    const allHaveRead = new Promise<void>((resolve) => {
      release = resolve;
    });
    const getMany: typeof table.getMany = async (keys) => {
      const found = await table.getMany(keys);
      if (keys[0] !== recordKey('one')) return found as never;
      if (++readers === events.length) release();
      await allHaveRead;
      return found as never;
    };
    const settle = (body: string) =>
      processFeedback([{ id: 'n', body }], { ...dependencies, table: { ...table, getMany } });
    expect((await Promise.all(events.map(settle))).flat()).toEqual([]);
    expect((await record()).status).toBe('complained');
    expect(eventsOf(await record()).toSorted()).toEqual([
      'complained',
      'delivered',
      'delivered',
      'delivery_delayed',
      'opened',
      'sent',
    ]);
  });
});

describe('10,000 events', () => {
  it('lead to the same statuses as in order when they are shuffled, doubled and processed by four functions at once', async () => {
    const lives = story(3_000);
    const events = lives.flat();
    expect(events.length).toBeGreaterThanOrEqual(10_000);
    const inOrder = await replay(events, 1);
    const random = seeded(20_261_121);
    const doubled = shuffle([...events, ...events], random);
    expect(await replay(doubled, 4)).toEqual(inOrder);
    expect(new Set(inOrder.map((stand) => stand.split(' ')[0]))).toEqual(
      new Set([
        'sent',
        'delivery_delayed',
        'delivered',
        'opened',
        'clicked',
        'bounced',
        'complained',
        'suppressed',
        'failed',
      ]),
    );
  }, 60_000);

  it('do so although every second read of a record is out of date, or misses it', async () => {
    const events = story(600).flat();
    const random = seeded(7);
    const doubled = shuffle([...events, ...events], random);
    const lagging = (table: Table) => laggingTable(table, random);
    expect(await replay(doubled, 4, lagging)).toEqual(await replay(events, 1));
  });

  async function replay(
    events: readonly string[],
    instances: number,
    wrap = (table: Table) => table,
  ): Promise<string[]> {
    const { sending, record, ...kit } = setUp();
    const dependencies = { ...kit.dependencies, table: wrap(kit.table) };
    const ids = [
      ...new Set(events.map((event) => JSON.parse(event).mail.tags['sendoff-email-id'][0] as string)),
    ].sort();
    for (const id of ids) await sending(id, ['a@example.com', 'b@example.com']);
    const waiting = events.map((body, index) => ({ id: String(index), body }));
    const work = async () => {
      for (let batch = waiting.splice(0, 10); batch.length > 0; batch = waiting.splice(0, 10))
        expect(await processFeedback(batch, dependencies)).toEqual([]);
    };
    await Promise.all(Array.from({ length: instances }, work));
    return Promise.all(
      ids.map(async (id) => {
        const found = await record(id);
        // Every event is there once: no write of another function was lost.
        return [found.status, ...eventsOf(found).toSorted()].join(' ');
      }),
    );
  }
});

/** Possible lives of emails, with their events in order. */
function story(count: number): string[][] {
  return Array.from({ length: count }, (_, index) => {
    const email = { emailId: `email-${index}` };
    const a = (afterMs: number) => ({ ...email, recipients: ['a@example.com'], afterMs });
    const b = (afterMs: number) => ({ ...email, recipients: ['b@example.com'], afterMs });
    const sent = sesEvents.send(email);
    const lives = [
      [sent],
      [sent, sesEvents.delay(a(1_000)), sesEvents.delay(a(9_000))],
      [sent, sesEvents.delay(a(1_000)), sesEvents.delivery(a(2_000)), sesEvents.delivery(b(3_000))],
      [
        sent,
        sesEvents.delivery(a(1_000)),
        sesEvents.open(a(2_000)),
        sesEvents.open(a(3_000)),
        sesEvents.open(a(4_000), 'Mozilla/5.0'),
      ],
      [
        sent,
        sesEvents.delivery(a(1_000)),
        sesEvents.open(a(2_000)),
        sesEvents.click(a(3_000)),
        sesEvents.click(a(4_000)),
      ],
      [sent, sesEvents.bounce(a(1_000)), sesEvents.delivery(b(1_000)), sesEvents.open(b(2_000))],
      [sent, sesEvents.delivery(a(1_000)), sesEvents.bounce(a(2_000), 'Transient')],
      [sent, sesEvents.delivery(a(1_000)), sesEvents.open(a(2_000)), sesEvents.complaint(a(3_000))],
      [sent, sesEvents.bounce(a(1_000), 'Permanent', 'OnAccountSuppressionList'), sesEvents.delivery(b(1_000))],
      [sent, sesEvents.reject(email)],
    ];
    return lives[index % lives.length] ?? [];
  });
}

/** mulberry32, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [items[index], items[other]] = [items[other] as T, items[index] as T];
  }
  return items;
}
