import { Resend } from 'resend';
import { afterEach, describe, expect, it } from 'vitest';
import { contactId, contactKey } from '../../../../functions/core/audience/contact.ts';
import { countUnsubscribe } from '../../../../functions/core/broadcast/counting/progress.ts';
import { CHUNKS_OF_PAGE, type recipientTypes } from '../../../../functions/core/broadcast/counting/recipient-lists.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import { domainId } from '../../../../functions/core/email/accept/sender-domain.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../../helpers/api-client.ts';
import { serveApp } from '../../../helpers/served-app.ts';
import {
  BROADCAST_ID as id,
  idOf,
  putSentBroadcast,
  RETENTION_MS,
  SENT_AT_MS,
} from '../../core/broadcast/sent-broadcast.ts';
import { sesEvents } from '../../core/feedback/ses-events.ts';

type Options = Parameters<typeof putSentBroadcast>[1];

/** The API with a broadcast that was sent, and resend's client for it. */
async function setUp(options: Options = {}) {
  const client = await createApiClient();
  const { backend, log, clock } = client;
  const { table } = backend;
  const sent = await putSentBroadcast(table, options);
  const server = await serveApp(client);
  servers.push(server);
  const resend = new Resend(FULL_KEY, { baseUrl: server.url });
  const now = () => clock.nowMs;
  const asWriter = createWriters(now);
  const report = (...bodies: string[]) =>
    processFeedback(
      bodies.map((body, index) => ({ id: `n-${index}`, body })),
      { table, asWriter, publish: async () => {}, log, now, retentionMs: RETENTION_MS },
    );
  const about = (email: string) => ({ emailId: idOf(id, email), broadcastId: id, recipients: [email] });
  return { ...client, table, resend, report, about, sent };
}

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('the recipients of a broadcast, with the resend client', () => {
  it('are listed by what happened to them, with its counts, links and kinds of bounces', async () => {
    const { resend, report, about, table } = await setUp({ size: 8, skipped: { suppressed: [7] } });
    const [opened, clicked, hard, soft, unclear, angry] = [0, 1, 2, 3, 4, 5].map((n) => `r${n}@example.com`) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const long = `https://example.com/${'a'.repeat(400)}`;
    const longer = `${long}b`;
    await table.insert({ key: contactKey(contactId('r7@example.com')), fields: { email: 'r7@example.com' } });
    await report(
      sesEvents.delivery(about(opened)),
      sesEvents.open(about(opened)),
      sesEvents.open({ ...about(opened), afterMs: 9_000 }),
      sesEvents.click({ ...about(clicked), link: long }),
      sesEvents.click({ ...about(clicked), link: long, afterMs: 9_000 }),
      sesEvents.click({ ...about(clicked), link: longer }),
      sesEvents.click({ ...about(clicked), link: longer, afterMs: 10_000 }),
      sesEvents.bounce(about(hard)),
      sesEvents.bounce(about(soft), 'Transient'),
      sesEvents.bounce(about(unclear), 'Undetermined'),
      sesEvents.complaint(about(angry)),
    );
    await countUnsubscribe(
      { table, asWriter: createWriters(() => SENT_AT_MS) },
      { broadcastId: id, emailId: idOf(id, angry), atMs: SENT_AT_MS },
    );
    const rows = async (type: (typeof recipientTypes)[number], more = {}) =>
      (await resend.broadcasts.recipients(id, { type, ...more } as never)).data;
    const row = (email: string, more = {}) => ({
      id: expect.any(String),
      contact_id: contactId(email),
      email,
      ...more,
    });
    const page = (...data: object[]) => ({ object: 'list', has_more: false, data });
    expect(await rows('opened')).toEqual(page(row(opened, { count: 2 })));
    expect(await rows('clicked')).toEqual(
      page(
        row(clicked, {
          // Two clicks at the same time, of which a timeline has the first.
          count: 3,
          clicked_links: [
            { url: long, clicks: 2 },
            { url: longer, clicks: 1 },
          ],
        }),
      ),
    );
    expect(await rows('bounced')).toEqual(
      page(
        row(hard, { bounce_type: 'permanent' }),
        row(soft, { bounce_type: 'transient' }),
        row(unclear, { bounce_type: 'undetermined' }),
      ),
    );
    expect(await rows('bounced', { bounceType: 'transient' })).toEqual(page(row(soft, { bounce_type: 'transient' })));
    expect(await rows('complained')).toEqual(page(row(angry)));
    expect(await rows('unsubscribed')).toEqual(page(row(angry)));
    expect(await rows('delivered')).toEqual(page(row(opened)));
    expect(await rows('suppressed')).toEqual(page(row('r7@example.com')));
    expect((await rows('sent'))?.data).toHaveLength(7);
    expect(await rows('sent', { email: `R3@Example.com` })).toEqual(page(row(soft)));
    expect(await rows('sent', { email: 'nobody@example.com' })).toEqual(page());
  });

  it('come in pages, forwards and backwards, each once', async () => {
    const { resend, sent } = await setUp({ chunks: 7, size: 5 });
    const forwards: string[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const { data } = await resend.broadcasts.recipients(id, { type: 'sent', limit: 8, ...(after ? { after } : {}) });
      forwards.push(...(data?.data.map(({ email }) => email) ?? []));
      after = data?.data.at(-1)?.id;
      more = data?.has_more ?? false;
    }
    expect(forwards).toEqual(sent.emails);
    const backwards: string[] = [];
    for (let [more, before] = [true, after]; more; ) {
      const { data } = await resend.broadcasts.recipients(id, { type: 'sent', limit: 8, before: before ?? '' });
      backwards.unshift(...(data?.data.map(({ email }) => email) ?? []));
      before = data?.data[0]?.id;
      more = data?.has_more ?? false;
    }
    expect(backwards).toEqual(sent.emails.slice(0, -1));
  });

  it('of a rare type are looked for in a bounded number of documents a page; `next` goes on', async () => {
    const chunks = CHUNKS_OF_PAGE * 2 + 10;
    const { ask, report, about, table } = await setUp({ chunks, size: 1 });
    await report(sesEvents.complaint(about(`r${chunks - 1}@example.com`)));
    let read = 0;
    const { getMany } = table;
    table.getMany = async (keys) => {
      read += keys.length;
      return getMany(keys);
    };
    const first = (await ask('GET', `/broadcasts/${id}/recipients?type=complained`)).body;
    expect(first).toEqual({ object: 'list', has_more: true, data: [], next: expect.any(String) });
    expect(read).toBe(2 * CHUNKS_OF_PAGE);
    const second = (await ask('GET', `/broadcasts/${id}/recipients?type=complained&after=${first.next}`)).body;
    const third = (await ask('GET', `/broadcasts/${id}/recipients?type=complained&after=${second.next}`)).body;
    expect(third).toMatchObject({ has_more: false, data: [{ email: `r${chunks - 1}@example.com` }] });
    read = 0;
    expect((await ask('GET', `/broadcasts/${id}/recipients?type=unsubscribed`)).body.data).toEqual([]);
    expect(read).toBe(0);
  });

  it.each([
    ['', 422, 'missing_required_field', 'Missing `type` parameter.'],
    ['type=seen', 422, 'validation_error', '`type`'],
    ['type=opened&bounce_type=permanent', 422, 'validation_error', '`bounce_type`'],
    ['type=bounced&bounce_type=soft', 422, 'validation_error', '`bounce_type`'],
    ['type=sent&after=a&before=b', 422, 'validation_error', '`before`'],
    ['type=sent&after=nonsense', 404, 'not_found', '`after`'],
    ['type=sent&limit=0', 422, 'invalid_parameter', '`limit`'],
    ['type=sent&email=nobody', 422, 'validation_error', '`email`'],
  ])('are refused for %j with %i %s', async (query, status, name, message) => {
    const { ask } = await setUp();
    const { body, ...answer } = await ask('GET', `/broadcasts/${id}/recipients?${query}`);
    expect({ status: answer.status, name: body.name }).toEqual({ status, name });
    expect(body.message).toContain(message);
  });

  it('are for full keys, of broadcasts that exist', async () => {
    const { ask, resend } = await setUp();
    const sending = { authorization: `Bearer ${SENDING_KEY}` };
    for (const path of ['recipients?type=sent', 'clicked-links'])
      expect((await ask('GET', `/broadcasts/${id}/${path}`, undefined, sending)).status).toBe(401);
    const gone = '00000000-0000-0000-0000-000000000000';
    for (const { error } of [
      await resend.broadcasts.recipients(gone, { type: 'sent' }),
      await resend.broadcasts.clickedLinks(gone),
    ])
      expect(error).toMatchObject({ name: 'not_found', message: 'Broadcast not found' });
  });
});

describe('an email of a broadcast', () => {
  it('is shown without a content of its own, and names its broadcast', async () => {
    const { ask, sent } = await setUp();
    const { body } = await ask('GET', `/emails/${sent.emailIds[0]}`);
    expect(body).toMatchObject({ subject: 'News', html: null, text: null, broadcast_id: id, last_event: 'sent' });
    expect(body).not.toHaveProperty('template_id');
  });
});

describe('the clicked links of a broadcast, with the resend client', () => {
  it('are listed most clicked first, in pages', async () => {
    const { resend, report, about } = await setUp({ size: 5 });
    const click = (n: number, link: string, afterMs = 1_000) =>
      report(sesEvents.click({ ...about(`r${n}@example.com`), link, afterMs }));
    for (const n of [0, 1, 2]) await click(n, 'https://example.com/b');
    await click(0, 'https://example.com/b', 2_000);
    for (const n of [0, 1]) await click(n, 'https://example.com/a', 3_000);
    await click(4, 'https://example.com/c');
    const { data } = await resend.broadcasts.clickedLinks(id, { limit: 2 });
    expect(data).toEqual({
      object: 'list',
      has_more: true,
      data: [
        { id: expect.any(String), url: 'https://example.com/b', clicks: 4, unique_clicks: 3 },
        { id: expect.any(String), url: 'https://example.com/a', clicks: 2, unique_clicks: 2 },
      ],
    });
    const rest = await resend.broadcasts.clickedLinks(id, { after: data?.data[1]?.id ?? '' });
    expect(rest.data?.data.map(({ url }) => url)).toEqual(['https://example.com/c']);
  });
});

describe('the metrics of broadcasts, with the resend client', () => {
  const metrics = ['sent', 'delivered', 'unique_opened', 'opened', 'delivery_rate', 'open_rate'] as const;

  it('are the counters, together and one by one', async () => {
    const { resend, report, about, table } = await setUp({ size: 4 });
    const other = 'b1111111-0000-4000-8000-000000000000';
    await putSentBroadcast(table, { id: other, size: 4 });
    await report(
      sesEvents.delivery(about('r0@example.com')),
      sesEvents.delivery(about('r1@example.com')),
      sesEvents.delivery(about('r2@example.com')),
      sesEvents.open(about('r0@example.com')),
      sesEvents.open({ ...about('r0@example.com'), afterMs: 9_000 }),
    );
    const all = await resend.emails.metrics({ dimensions: ['broadcast'], metrics: [...metrics] });
    const row = { sent: 4, delivered: 3, unique_opened: 1, opened: 2, delivery_rate: 0.75, open_rate: 0.3333 };
    const none = { sent: 4, delivered: 0, unique_opened: 0, opened: 0, delivery_rate: 0, open_rate: 0 };
    expect(all.data).toMatchObject({
      object: 'metrics',
      ...{ metrics, dimensions: ['broadcast'], granularity: 'daily', end_date: '2026-11-21T12:00:00.000Z' },
      totals: { sent: 8, delivered: 3, unique_opened: 1, opened: 2, delivery_rate: 0.375, open_rate: 0.3333 },
    });
    expect(all.data?.data).toHaveLength(2);
    expect(all.data?.data).toContainEqual({ broadcast_id: id, broadcast_name: 'News', ...row });
    expect(all.data?.data).toContainEqual({ broadcast_id: other, broadcast_name: 'News', ...none });
    const one = await resend.emails.metrics({ broadcastId: [id] });
    expect(one.data?.totals).toMatchObject(row);
    expect(one.data).not.toHaveProperty('data');
    expect(one.data?.metrics).toHaveLength(22);
    const [startDate, endDate] = ['2026-11-22', '2026-11-30'];
    const later = await resend.emails.metrics({ broadcastId: [id], startDate: '2026-11-21T11:00:00Z', endDate });
    expect(later.data?.totals.sent).toBe(0);
    expect((await resend.emails.metrics({ broadcastId: [id], startDate, endDate })).error?.message).toContain(
      '`start_date`',
    );
  });

  it('are by the domain of the sender, too, and of single emails what their records say', async () => {
    const { resend, report, about, table, sent } = await setUp({ size: 3 });
    await putSentBroadcast(table, {
      id: 'b1111111-0000-4000-8000-000000000000',
      from: 'Shop <hi@Shop.example>',
      size: 4,
    });
    await report(
      sesEvents.delivery(about('r0@example.com')),
      sesEvents.open(about('r0@example.com')),
      sesEvents.open({ ...about('r0@example.com'), afterMs: 9_000 }),
      sesEvents.bounce(about('r1@example.com')),
    );
    const domain = (name: string) => ({ domain_id: domainId(name), domain_name: name });
    const byDomain = await resend.emails.metrics({ dimensions: ['broadcast', 'domain'], metrics: ['sent'] });
    expect(byDomain.data?.data).toHaveLength(2);
    expect(byDomain.data?.data).toContainEqual({
      ...{ ...domain('shop.example'), broadcast_id: 'b1111111-0000-4000-8000-000000000000', broadcast_name: 'News' },
      sent: 4,
    });
    const ofShop = { dimensions: ['broadcast' as const], domainId: [domainId('shop.example')] };
    expect((await resend.emails.metrics(ofShop)).data?.totals.sent).toBe(4);

    const [first = '', second = ''] = sent.emailIds;
    const some = ['sent', 'delivered', 'opened', 'unique_opened', 'bounced_permanent', 'open_rate'] as const;
    const emailId = [first, second, first, 'e0000000-0000-4000-8000-000000000000'];
    const { data } = await resend.emails.metrics({ emailId, dimensions: ['email', 'domain'], metrics: [...some] });
    const row = (email_id: string, values: object) => ({ ...domain('example.com'), email_id, ...values });
    expect(data).toMatchObject({
      dimensions: ['email', 'domain'],
      totals: { sent: 2, delivered: 1, opened: 2, unique_opened: 1, bounced_permanent: 1, open_rate: 1 },
      data: [
        row(first, { sent: 1, delivered: 1, opened: 2, unique_opened: 1, bounced_permanent: 0, open_rate: 1 }),
        row(second, { sent: 1, delivered: 0, opened: 0, unique_opened: 0, bounced_permanent: 1, open_rate: 0 }),
      ],
    });
    const together = await resend.emails.metrics({ emailId, dimensions: ['domain'], metrics: ['sent'] });
    expect(together.data?.data).toEqual([{ ...domain('example.com'), sent: 2 }]);
    expect((await resend.emails.metrics({ emailId, endDate: '2026-11-20' })).data?.totals.sent).toBe(0);
  });

  it.each([
    ['dimensions=period,broadcast', '`dimensions`'],
    ['dimensions=period,domain', '`dimensions`'],
    ['dimensions=domain', '`dimensions`'],
    ['dimensions=email', '`dimensions`'],
    [`domain_id=${id}`, '`domain_id`'],
    [`email_id=${id}&broadcast_id=${id}`, '`email_id`'],
    [`dimensions=email&broadcast_id=${id}`, '`dimensions`'],
    ['dimensions=weather', '`dimensions`'],
    ['dimensions=broadcast&domain_id=d', '`domain_id`'],
    ['email_id=e', '`email_id`'],
    ['dimensions=broadcast&metrics=joy', '`metrics`'],
    ['broadcast_id=b', '`broadcast_id`'],
    ['dimensions=broadcast&granularity=yearly', '`granularity`'],
    ['dimensions=broadcast&start_date=yesterday', '`start_date`'],
    ['dimensions=broadcast&end_date=2026-13-40', '`end_date`'],
    ['dimensions=broadcast&from=2026', '`from`'],
  ])('are refused for %j with an error that names the parameter', async (query, parameter) => {
    const { ask } = await setUp();
    const { status, body } = await ask('GET', `/emails/metrics?${query}`);
    expect({ status, name: body.name }).toEqual({ status: 422, name: 'validation_error' });
    expect(body.message).toContain(parameter);
  });

  it.each(['dimensions', 'metrics', 'broadcast_id'])('are refused for over 100 values of %s', async (name) => {
    const { ask } = await setUp();
    const value = { dimensions: 'broadcast', metrics: 'sent', broadcast_id: id }[name];
    const asked = async (count: number) =>
      await ask('GET', `/emails/metrics?dimensions=broadcast&${name}=${Array(count).fill(value).join(',')}`);
    // With the one dimension that is asked for anyway.
    expect((await asked(99)).status).toBe(200);
    const { status, body } = await asked(101);
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringContaining(`\`${name}\``) });
  });
});
