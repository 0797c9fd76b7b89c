import { describe, expect, it } from 'vitest';
import { contactId } from '../../../../functions/core/audience/contact.ts';
import { linkHash, listLinks, MAX_LINKS } from '../../../../functions/core/broadcast/counting/links.ts';
import { countKey, readCounts } from '../../../../functions/core/broadcast/counting/progress.ts';
import { emailIdOf } from '../../../../functions/core/broadcast/delivery/recipient.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { laggingTable } from '../../../helpers/lagging-table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { createMortalPorts } from '../../../helpers/mortal-ports.ts';
import { pick, randomFrom } from '../../../helpers/random-text.ts';
import { repeatingTable } from '../../../helpers/repeating-table.ts';
import {
  addressOf,
  BROADCAST_ID as broadcastId,
  eventsOf,
  putSentBroadcast,
  RETENTION_MS,
  recordOf,
  SENT_AT_MS,
} from '../broadcast/sent-broadcast.ts';
import { messageIdOf, sesEvents } from './ses-events.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

function setUp({ now = () => SENT_AT_MS + 1_000 } = {}) {
  const { table } = createMemoryBackend({ now });
  const asWriter = createWriters(now);
  const settle = (bodies: readonly string[], on: Table = table) =>
    processFeedback(
      bodies.map((body, index) => ({ id: `n-${index}`, body })),
      { table: on, asWriter, publish: async () => {}, log: quiet, now, retentionMs: RETENTION_MS },
    );
  return { table, settle };
}

/** A table that notes its calls, and fails those of some keys. */
function watched(table: Table, fails: (key: string) => boolean = () => false) {
  const calls: string[] = [];
  const note = (name: string, key: string) => {
    calls.push(`${name} ${key.split('#')[0]}`);
    if (fails(key)) throw new Error('killed');
  };
  const on: Table = {
    ...table,
    get: async (key) => {
      note('get', key);
      return table.get(key);
    },
    getMany: async (keys, options) => {
      note('getMany', keys.map((key) => key.split('#')[0]).join('+'));
      return table.getMany(keys, options);
    },
    insert: async (document) => {
      note('insert', document.key);
      return table.insert(document);
    },
    update: async (key, change, anyOf) => {
      note('update', key);
      return table.update(key, change, anyOf);
    },
    query: async (query) => {
      note('query', query.partition);
      return table.query(query);
    },
  };
  return { on, calls };
}

/** Every event that can happen to an email, at different times. */
function storyOf(emailId: string, email: string, random: () => number): string[] {
  const options = { emailId, broadcastId, recipients: [email] };
  const at = () => ({ ...options, afterMs: Math.floor(random() * 50) * 1_000 });
  const link = () => `https://example.com/${'x'.repeat(random() < 0.3 ? 300 : 0)}${Math.floor(random() * 3)}`;
  const kinds = [
    () => sesEvents.send(options),
    () => sesEvents.delivery(options),
    () => sesEvents.delay(at()),
    () => sesEvents.bounce(options, pick(random, ['Permanent', 'Transient', 'Undetermined'])),
    () => sesEvents.bounce(options, 'Permanent', 'OnAccountSuppressionList'),
    () => sesEvents.complaint(options),
    () => sesEvents.open(at(), pick(random, ['Firefox/140', 'Mozilla/5.0'])),
    () => sesEvents.click({ ...at(), link: link() }, pick(random, ['Firefox/140', 'Barracuda/1.0'])),
    () => sesEvents.reject(options),
  ];
  return Array.from({ length: Math.floor(random() * 12) }, () => pick(random, kinds)());
}

describe('the events of a broadcast', () => {
  it.each([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
    [5, true],
    [6, true],
  ])(
    'are counted as the records say, in any order, doubled, by several functions at once (%i, reads lag: %s)',
    async (seed, lags) => {
      const random = randomFrom(seed);
      const { table, settle } = setUp();
      const on = lags ? laggingTable(table, random) : table;
      const sent = await putSentBroadcast(table, { chunks: 4, size: 5 });
      const stories = sent.emailIds.flatMap((id, index) => storyOf(id, addressOf(index), random));
      const events = [...stories, ...stories].sort(() => random() - 0.5);
      const batches = Array.from({ length: 20 }, (_, index) => events.slice(index * 15, (index + 1) * 15));
      for (let first = 0; first < batches.length; first += 4)
        await Promise.all(batches.slice(first, first + 4).map((batch) => settle(batch, on)));
      const counts = await readCounts(table, broadcastId);
      const { chunksDone: _c, recipientsDone: _r, ...expected } = await eventsOf(table, sent);
      expect(counts).toMatchObject(expected);
      expect(counts.sent + counts.failed + counts.suppressed).toBe(20);
      const links = await listLinks(table, broadcastId);
      expect(links.reduce((sum, { clicks }) => sum + clicks, 0)).toBe(counts.clickedTotal);
      for (const { url, uniqueClicks } of links) {
        expect(url).toMatch(/^https:\/\/example\.com\/x*[0-2]$/);
        expect(uniqueClicks).toBeLessThanOrEqual(counts.clicked);
      }
    },
  );

  it.each([1, 2, 3, 4])(
    'are counted once although answers of the table are lost and writes repeated (%i)',
    async (seed) => {
      const random = randomFrom(seed);
      const { table, settle } = setUp();
      const isCounter = (key: string) => !key.startsWith('email#');
      // Other functions add between the two writes.
      const others = async (key: string) => {
        for (let turns = isCounter(key) ? Math.floor(random() * 200) : 0; turns > 0; turns--) await Promise.resolve();
      };
      const sent = await putSentBroadcast(table, { chunks: 4, size: 5 });
      const on = repeatingTable(table, () => random() < 0.5, others);
      const stories = sent.emailIds.flatMap((id, index) => storyOf(id, addressOf(index), random));
      const batches = Array.from({ length: 20 }, (_, index) =>
        stories.filter((_, position) => position % 20 === index),
      );
      for (let first = 0; first < batches.length; first += 4)
        await Promise.all(batches.slice(first, first + 4).map((batch) => settle(batch, on)));
      const { chunksDone: _c, recipientsDone: _r, ...expected } = await eventsOf(table, sent);
      const counts = await readCounts(table, broadcastId);
      expect(counts).toMatchObject(expected);
      const links = await listLinks(table, broadcastId);
      expect(links.reduce((sum, { clicks }) => sum + clicks, 0)).toBe(counts.clickedTotal);
    },
  );

  it('are counted at most once when the function is killed at any call and the batch comes again', async () => {
    for (let at = 1, calls: string[] = []; at === 1 || at <= calls.length + 1; at++)
      for (const when of ['before', 'after'] as const) {
        const { table, settle } = setUp();
        const { emailIds, emails } = await putSentBroadcast(table, { size: 3 });
        const recipient = (index: number) => ({ broadcastId, recipients: [emails[index] ?? ''] });
        const batch = emailIds.flatMap((emailId, index) => [
          sesEvents.delivery({ emailId, ...recipient(index) }),
          sesEvents.click({ emailId, ...recipient(index), link: 'https://example.com/' }),
        ]);
        calls = [];
        const { guard } = createMortalPorts({
          calls,
          isKilled: (_, moment, number) => number === at && moment === when,
        });
        await settle(batch, guard('table', table)).catch(() => {});
        const failed = await settle(batch);
        expect(failed).toEqual([]);
        const counts = await readCounts(table, broadcastId);
        const whole = at > calls.length;
        for (const name of ['delivered', 'clicked', 'clickedTotal'] as const) {
          expect(counts[name], `${name}, killed ${when} ${calls[at - 1]}`).toBeLessThanOrEqual(3);
          if (whole) expect(counts[name]).toBe(3);
        }
        const [link] = await listLinks(table, broadcastId);
        expect(link?.clicks ?? 0).toBeLessThanOrEqual(3);
      }
  });

  it('cost one addition for each broadcast and batch, and its epoch no read of its own', async () => {
    const { table, settle } = setUp();
    const { emailIds, emails } = await putSentBroadcast(table, { chunks: 2, size: 10 });
    const { on, calls } = watched(table);
    await settle(
      emailIds.map((emailId, index) => sesEvents.delivery({ emailId, broadcastId, recipients: [emails[index] ?? ''] })),
      on,
    );
    expect(calls.filter((call) => !call.includes('email'))).toEqual(['update broadcast-count']);
    expect(calls.filter((call) => call.startsWith('getMany'))).toHaveLength(1);
    expect((await readCounts(table, broadcastId)).delivered).toBe(20);
  });

  it('cost an ordinary email not one call more: one read for the batch, one write for each change', async () => {
    const { table, settle } = setUp();
    const { broadcastId: _b, contactId: _c, ...ordinary } = recordOf(broadcastId, 'a@example.com');
    await table.insert({ key: recordKey('one'), fields: { ...ordinary, id: 'one', messageId: messageIdOf('one') } });
    const { on, calls } = watched(table);
    await settle([sesEvents.send({ emailId: 'one' }), sesEvents.delivery({ emailId: 'one' })], on);
    await settle([sesEvents.open({ emailId: 'one' }), sesEvents.delivery({ emailId: 'gone' })], on);
    // Reads may lag, so one that is missing is read again.
    expect(calls).toEqual(['getMany email', 'update email', 'getMany email+email', 'getMany email', 'update email']);
    const stored = await table.get<EmailRecord>(recordKey('one'));
    expect(stored?.timeline.map((entry) => Object.keys(entry))).not.toContainEqual(expect.arrayContaining(['epoch']));
  });

  it('come to the counters of several broadcasts', async () => {
    const { table, settle } = setUp();
    const other = 'b1111111-0000-4000-8000-000000000000';
    const [one, two] = [await putSentBroadcast(table), await putSentBroadcast(table, { id: other })];
    const delivered = (id: string, emailId = '') =>
      sesEvents.delivery({ emailId, broadcastId: id, recipients: ['r0@example.com'] });
    await settle([delivered(broadcastId, one.emailIds[0]), delivered(other, two.emailIds[0])]);
    for (const id of [broadcastId, other]) expect((await readCounts(table, id)).delivered).toBe(1);
  });

  it('are recorded although the counters fail: a recount counts them later', async () => {
    const { table, settle } = setUp();
    const { emailIds } = await putSentBroadcast(table);
    const { on } = watched(table, (key) => key.startsWith('broadcast-count#'));
    const delivery = sesEvents.delivery({ emailId: emailIds[0] ?? '', broadcastId, recipients: [addressOf(0)] });
    expect(await settle([delivery], { ...on, getMany: table.getMany })).toEqual([]);
    expect((await table.get<EmailRecord>(recordKey(emailIds[0] ?? '')))?.status).toBe('delivered');
    expect((await readCounts(table, broadcastId)).delivered).toBe(0);
  });
});

describe('clicked links', () => {
  it('are counted whole, although a timeline has only their beginning', async () => {
    const { table, settle } = setUp();
    const { emailIds } = await putSentBroadcast(table);
    const link = `https://example.com/${'a'.repeat(2_500)}`;
    for (const emailId of emailIds)
      await settle([
        sesEvents.click({ emailId, broadcastId, link }),
        sesEvents.click({ emailId, broadcastId, link, afterMs: 5_000 }),
      ]);
    const [found] = await listLinks(table, broadcastId);
    expect(found).toEqual({ url: link.slice(0, 2_000), clicks: 8, uniqueClicks: 4 });
    const record = await table.get<EmailRecord>(recordKey(emailIds[0] ?? ''));
    expect(record?.timeline.at(-1)).toMatchObject({ detail: link.slice(0, 200), link: linkHash(link.slice(0, 2_000)) });
  });

  it('are one link for all unsubscribe links, which differ for each recipient and are secret', async () => {
    const { table, settle } = setUp();
    const { emailIds } = await putSentBroadcast(table);
    for (const [index, emailId] of emailIds.entries())
      await settle([
        sesEvents.click({ emailId, broadcastId, link: `https://s.example.com/unsubscribe/${`${index}`.repeat(80)}` }),
      ]);
    expect(await listLinks(table, broadcastId)).toEqual([
      { url: '{{{RESEND_UNSUBSCRIBE_URL}}}', clicks: 4, uniqueClicks: 4 },
    ]);
  });

  it('are bounded: the first links of a broadcast whose links differ for each recipient', async () => {
    const { table, settle } = setUp();
    const { emailIds } = await putSentBroadcast(table, { chunks: 60, size: 1 });
    const clicks = emailIds.flatMap((emailId, index) =>
      Array.from({ length: 10 }, (_, time) =>
        sesEvents.click({ emailId, broadcastId, link: `https://example.com/${index}-${time}`, afterMs: time * 1_000 }),
      ),
    );
    await settle(clicks.slice(0, 300));
    await settle(clicks.slice(300));
    expect(await listLinks(table, broadcastId)).toHaveLength(MAX_LINKS);
    expect((await readCounts(table, broadcastId)).clickedTotal).toBe(600);
  });
});

describe('an email whose worker was killed between SES and the record', () => {
  const email = 'killed@example.com';
  const emailId = emailIdOf(broadcastId, contactId(email));
  const options = { emailId, broadcastId, recipients: [email] };
  const recordIn = (table: Table) => table.get<EmailRecord>(recordKey(emailId));

  it('gets its record from the Send event, so that the chunk is not sent to the recipient again', async () => {
    const { table, settle } = setUp();
    expect(await settle([sesEvents.send(options)])).toEqual([]);
    expect(await recordIn(table)).toMatchObject({
      ...{ status: 'sent', messageId: messageIdOf(emailId), broadcastId, contactId: contactId(email) },
      ...{ from: 'News <news@example.com>', to: [email], subject: 'News' },
      timeline: [{ atMs: SENT_AT_MS, event: 'sent' }],
    });
    // The chunk counts it when it is claimed again.
    expect((await readCounts(table, broadcastId)).sent).toBe(0);
  });

  it('gets it from any event that is earlier than the Send event; each is counted once', async () => {
    const { table, settle } = setUp();
    await settle([sesEvents.delivery(options)]);
    await settle([sesEvents.send(options), sesEvents.delivery(options)]);
    expect(await recordIn(table)).toMatchObject({ status: 'delivered', messageId: messageIdOf(emailId) });
    expect(await readCounts(table, broadcastId)).toMatchObject({ delivered: 1, sent: 0 });
  });

  it('of a list has no contact', async () => {
    const { table, settle } = setUp();
    const listed = emailIdOf(broadcastId, { email });
    await settle([sesEvents.send({ ...options, emailId: listed })]);
    expect(await table.get(recordKey(listed))).not.toHaveProperty('contactId');
  });

  it('stays as the worker wrote it, if the worker was faster', async () => {
    const { table, settle } = setUp();
    const written = recordOf(broadcastId, email);
    await table.insert({ key: recordKey(emailId), fields: written });
    await settle([sesEvents.send(options)]);
    expect(await recordIn(table)).toEqual(written);
  });

  it('gets no record long after it was sent: its record was deleted on request, or has expired', async () => {
    for (const [event, laterMs] of [
      [sesEvents.open(options), 3_600_001],
      [sesEvents.send(options), RETENTION_MS + 1],
    ] as const) {
      const { table, settle } = setUp({ now: () => SENT_AT_MS + laterMs });
      expect(await settle([event])).toEqual([]);
      expect(await recordIn(table)).toBeUndefined();
      expect(await table.get(countKey(broadcastId))).toBeUndefined();
    }
  });

  it('is not an ordinary one: an event without the tag inserts nothing', async () => {
    const { table, settle } = setUp();
    await settle([sesEvents.send({ emailId })]);
    expect(await recordIn(table)).toBeUndefined();
  });

  it('whose record was inserted before the send is counted by its chunk alone', async () => {
    const { table, settle } = setUp();
    const { messageId: _, ...reserved } = recordOf(broadcastId, email);
    await table.insert({ key: recordKey(emailId), fields: { ...reserved, status: 'sending', timeline: [] } });
    await settle([sesEvents.send(options), sesEvents.delivery(options)]);
    expect(await recordIn(table)).toMatchObject({ status: 'delivered' });
    expect(await readCounts(table, broadcastId)).toMatchObject({ delivered: 1, sent: 0 });
  });
});
