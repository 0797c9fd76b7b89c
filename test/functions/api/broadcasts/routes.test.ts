import { beforeEach, describe, expect, it } from 'vitest';
import { createSegment } from '../../../../functions/core/audience/segments.ts';
import { createTopic } from '../../../../functions/core/audience/topics.ts';
import { addCounts } from '../../../../functions/core/broadcast/counting/progress.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient, SENDING_KEY } from '../../../helpers/api-client.ts';

let api: ApiClient;
let segmentId: string;
let news: Record<string, unknown>;
const now = () => api.clock.nowMs;

beforeEach(() => begin());

async function begin(options?: Parameters<typeof createApiClient>[1]): Promise<void> {
  api = await createApiClient(undefined, options);
  ({ id: segmentId } = await createSegment('Everybody', { table: api.backend.table, now, newId }));
  news = {
    segment_id: segmentId,
    from: 'News <news@example.com>',
    subject: 'News',
    html: '<p>Hello {{{FIRST_NAME}}}</p>',
  };
}

async function created(fields: Record<string, unknown> = {}, headers?: Record<string, string>): Promise<string> {
  const { status, body } = await api.ask('POST', '/broadcasts', { ...news, ...fields }, headers);
  expect([status, body.object]).toEqual([201, 'broadcast']);
  return body.id;
}
const got = async (id: string) => (await api.ask('GET', `/broadcasts/${id}`)).body;
const jobs = () => api.backend.waiting().filter(({ job }) => job.task === 'broadcast.fan-out').length;
const list = [{ email: 'ada@example.org', variables: { first_name: 'Ada' } }, { email: 'bo@example.org' }];

describe('a broadcast', () => {
  it('is a draft with every field that Resend shows, and its progress', async () => {
    const id = await created();
    expect(await got(id)).toEqual({
      object: 'broadcast',
      id,
      name: 'Untitled',
      audience_id: segmentId,
      segment_id: segmentId,
      topic_id: null,
      from: 'News <news@example.com>',
      subject: 'News',
      reply_to: null,
      preview_text: null,
      html: '<p>Hello {{{FIRST_NAME}}}</p>',
      text: null,
      status: 'draft',
      created_at: new Date(now()).toISOString(),
      scheduled_at: null,
      sent_at: null,
      reason: null,
      list: null,
      progress: {
        ...{
          total: 0,
          sent: 0,
          delivered: 0,
          bounced: 0,
          complained: 0,
          suppressed: 0,
          unsubscribed: 0,
          failed: 0,
          skipped: 0,
          opened: 0,
          clicked: 0,
        },
        ...{ rate: 0, etaSeconds: null },
      },
    });
    const { body } = await api.ask('GET', '/broadcasts?limit=1');
    expect(body).toMatchObject({ object: 'list', has_more: false, data: [{ id, name: 'Untitled', status: 'draft' }] });
  });

  it('takes the older name of the segment, a topic, null for what is absent', async () => {
    const topicId = await createTopic(
      { name: 'News', defaultSubscription: 'opt_in', visibility: 'private' },
      { table: api.backend.table, now, newId, publish: async () => {} },
    );
    const fields = {
      segment_id: null,
      audience_id: segmentId,
      topic_id: topicId,
      name: null,
      text: 'T',
      reply_to: ['a@example.com', 'B <b@example.com>'],
    };
    expect(await got(await created(fields))).toMatchObject({
      segment_id: segmentId,
      topic_id: topicId,
      text: 'T',
      reply_to: ['a@example.com', 'B <b@example.com>'],
    });
  });

  it.each([
    [{ segment_id: undefined }, 422, 'Missing `segment_id` field'],
    [{ segment_id: '00000000-0000-0000-0000-000000000000' }, 404, 'Segment not found'],
    [{ topic_id: '00000000-0000-0000-0000-000000000000' }, 404, 'Topic not found'],
    [{ audience_id: 'other' }, 422, 'differ'],
    [{ from: undefined }, 422, 'Missing `from` field'],
    [{ from: 'nobody' }, 422, 'Invalid `from` field'],
    [{ subject: undefined }, 422, 'Missing `subject` field'],
    [{ subject: 'a\r\nBcc: x@example.com' }, 422, 'Invalid `subject` field'],
    [{ preview_text: 'a\nb' }, 422, 'Invalid `preview_text` field'],
    [{ html: undefined }, 422, 'Missing `html` or `text` field'],
    [{ html: 'x'.repeat(350_001) }, 422, 'too large'],
    [{ name: 'x'.repeat(71) }, 422, 'Invalid `name` field'],
    [{ reply_to: ['x'] }, 422, 'Invalid `reply_to` field'],
    [{ scheduled_at: 'in 1 hour' }, 422, 'Invalid `scheduled_at` field'],
    [{ send: true, scheduled_at: 'in 31 days' }, 422, 'more than 30 days'],
    [{ recipients: list }, 422, 'not both'],
    [{ segment_id: undefined, recipients: [], send: true }, 422, 'at least 1 entry'],
    [{ template: { id: 'welcome' } }, 422, 'not both'],
    [{ segmant_id: 'x' }, 422, 'Did you mean `segment_id`?'],
  ])('%j is refused with %i, and nothing is stored', async (fields, status, message) => {
    const answer = await api.ask('POST', '/broadcasts', { ...news, ...fields });
    expect(answer).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
    expect((await api.ask('GET', '/broadcasts')).body.data).toEqual([]);
  });

  it('is for keys with full access', async () => {
    const headers = { authorization: `Bearer ${SENDING_KEY}` };
    expect((await api.ask('POST', '/broadcasts', news, headers)).status).toBe(401);
  });

  it('copies the published version of a template', async () => {
    const template = {
      ...{
        name: 'W',
        alias: 'welcome',
        from: 'W <w@example.com>',
        subject: 'Hi {{{first_name}}}',
        html: 'v1 {{{plan}}}',
      },
      variables: [
        { key: 'plan', type: 'string', fallback_value: 'free' },
        { key: 'first_name', type: 'string' },
      ],
    };
    // A variable of a template may have any key that is not reserved.
    expect((await api.ask('POST', '/templates', template)).status).toBe(201);
    const fields = { segment_id: segmentId, template: { id: 'welcome' } };
    expect((await api.ask('POST', '/broadcasts', fields)).body.message).toContain('publish it first');
    await api.ask('POST', '/templates/welcome/publish');
    const { status, body } = await api.ask('POST', '/broadcasts', fields);
    expect(status).toBe(201);
    await api.ask('PATCH', '/templates/welcome', { html: 'v2' });
    await api.ask('POST', '/templates/welcome/publish');
    expect(await got(body.id)).toMatchObject({
      from: 'W <w@example.com>',
      subject: 'Hi {{{first_name}}}',
      html: 'v1 {{{plan}}}',
    });
  });

  it('is changed, copied and deleted while it is a draft', async () => {
    const id = await created({ preview_text: 'p', text: 't' });
    expect(
      await api.ask('PATCH', `/broadcasts/${id}`, { id, name: 'N', subject: 'S', preview_text: null, text: null }),
    ).toMatchObject({
      status: 200,
      body: { object: 'broadcast', id },
    });
    expect(await got(id)).toMatchObject({ name: 'N', subject: 'S', preview_text: null, text: null, html: news.html });
    const { body: copy } = await api.ask('POST', `/broadcasts/${id}/duplicate`);
    expect(await got(copy.id)).toMatchObject({ name: 'N (copy)', status: 'draft', subject: 'S' });
    expect((await api.ask('DELETE', `/broadcasts/${id}`)).body).toEqual({ object: 'broadcast', id, deleted: true });
    expect(await api.ask('DELETE', `/broadcasts/${id}`)).toMatchObject({
      status: 404,
      body: { message: 'Broadcast not found' },
    });
  });

  it('may be named in the body, too, as the Python client does', async () => {
    const id = await created();
    expect(await api.ask('PATCH', `/broadcasts/${id}`, { broadcast_id: id, name: 'N' })).toMatchObject({ status: 200 });
    expect(await api.ask('POST', `/broadcasts/${id}/send`, { broadcast_id: id })).toMatchObject({ status: 200 });
    expect(await got(id)).toMatchObject({ name: 'N', status: 'queued' });
  });

  it('is sent, paused, resumed and canceled', async () => {
    const id = await created();
    for (const [move, status] of [
      ['send', 'queued'],
      ['pause', 'paused'],
      ['resume', 'queued'],
      ['cancel', 'canceled'],
    ]) {
      expect(await api.ask('POST', `/broadcasts/${id}/${move}`)).toMatchObject({ status: 200, body: { id } });
      expect((await got(id)).status).toBe(status);
    }
    expect(await api.ask('POST', `/broadcasts/${id}/cancel`)).toMatchObject({
      status: 403,
      body: { name: 'validation_error', message: 'Only queued or scheduled broadcasts can be canceled' },
    });
  });

  it('is scheduled, and a draft again when that is canceled', async () => {
    const id = await created();
    await api.ask('POST', `/broadcasts/${id}/send`, { scheduled_at: 'in 2 hours' });
    expect(await got(id)).toMatchObject({
      status: 'scheduled',
      scheduled_at: new Date(now() + 7_200_000).toISOString(),
    });
    await api.ask('POST', `/broadcasts/${id}/cancel`);
    expect(await got(id)).toMatchObject({ status: 'draft', scheduled_at: null });
    const scheduled = await created({ send: true, scheduled_at: 'tomorrow at 9am' });
    expect(await got(scheduled)).toMatchObject({ status: 'scheduled' });
    expect(jobs()).toBe(0);
  });
});

describe('a broadcast with a list of its own', () => {
  beforeEach(() => {
    news = { ...news, segment_id: undefined };
  });

  it('is made and sent by one call', async () => {
    const id = await created({ recipients: list, send: true });
    expect(await got(id)).toMatchObject({
      status: 'queued',
      segment_id: null,
      list: { offset: 2, total: 2 },
      progress: { total: 2 },
    });
    expect(jobs()).toBe(1);
  });

  it('takes 5,000 recipients, more than other fields have', async () => {
    const recipients = Array.from({ length: 5_000 }, (_, index) => ({ email: `p${index}@example.org` }));
    expect(await got(await created({ recipients }))).toMatchObject({ progress: { total: 5_000 } });
  });

  it('takes it in pieces, which may be repeated', async () => {
    const id = await created({ recipients: [] });
    const add = (offset: number, recipients: unknown) =>
      api.ask('POST', `/broadcasts/${id}/recipients`, { offset, recipients });
    expect((await add(0, list)).body).toEqual({ object: 'broadcast', id, offset: 2, total: 2 });
    expect((await add(0, list)).body).toEqual({ object: 'broadcast', id, offset: 2, total: 2 });
    expect((await add(2, [{ email: 'c@example.org' }])).body).toMatchObject({ offset: 3, total: 3 });
    expect((await add(0, [{ email: 'x@example.org' }])).status).toBe(409);
    expect((await add(-1, list)).body.message).toContain('`offset`');
    expect((await add(3, undefined)).body.message).toBe('Missing `recipients` field.');
    expect((await add(3, [{ email: 'x' }])).body.message).toContain('`recipients.0.email`');
  });
});

describe('an idempotency key', () => {
  const headers = { 'idempotency-key': 'k1' };

  it('makes one broadcast of a repeated request, even when its time has passed', async () => {
    const fields = { send: true, scheduled_at: new Date(now() + 60_000).toISOString() };
    const [a, b] = await Promise.all([created(fields, headers), created(fields, headers)]);
    api.clock.nowMs += 600_000;
    expect(new Set([a, b, await created(fields, headers)]).size).toBe(1);
    expect((await api.ask('GET', '/broadcasts')).body.data).toHaveLength(1);
    expect((await api.ask('POST', '/broadcasts', { ...news, subject: 'Other' }, headers)).status).toBe(409);
    api.clock.nowMs += 86_400_000;
    expect(await created({}, headers)).not.toBe(a);
  });

  it('sends a repeated list once', async () => {
    const fields = { segment_id: undefined, recipients: list, send: true };
    const ids = await Promise.all([created(fields, headers), created(fields, headers), created(fields, headers)]);
    expect([new Set(ids).size, jobs()]).toEqual([1, 1]);
    expect((await got(ids[0] ?? '')).progress.total).toBe(2);
  });

  it('makes a repeated send harmless; another send is refused', async () => {
    const id = await created();
    const send = (key: string) => api.ask('POST', `/broadcasts/${id}/send`, {}, { 'idempotency-key': key });
    expect([(await send('a')).status, (await send('a')).status, (await send('b')).status]).toEqual([200, 200, 403]);
    expect(jobs()).toBe(1);
    expect((await send('')).status).toBe(400);
  });
});

describe('a test', () => {
  it('goes to a few addresses as ordinary emails, with example values', async () => {
    const id = await created({
      subject: 'For {{{FIRST_NAME}}}',
      html: '{{{FIRST_NAME|you}}} {{{plan}}} {{{RESEND_UNSUBSCRIBE_URL}}}',
      reply_to: 'r@example.com',
    });
    const { body } = await api.ask('POST', `/broadcasts/${id}/test`, { to: ['a@example.org', 'b@example.org'] });
    expect(body).toMatchObject({ object: 'broadcast', id, emails: [{}, {}] });
    expect((await api.ask('GET', `/emails/${body.emails[1].id}`)).body).toMatchObject({
      to: ['b@example.org'],
      subject: '[Test] For [FIRST_NAME]',
      html: 'you [plan] https://example.com/unsubscribe',
      reply_to: ['r@example.com'],
    });
    expect((await got(id)).status).toBe('draft');
  });

  it.each([undefined, true, false])('has the footer of its emails where the option is %s', async (broadcastFooter) => {
    await begin(broadcastFooter === undefined ? {} : { broadcastFooter });
    const id = await created({ html: '<p>News</p>', text: 'News' });
    const { body } = await api.ask('POST', `/broadcasts/${id}/test`, { to: 'a@example.org' });
    const { html, text } = (await api.ask('GET', `/emails/${body.emails[0].id}`)).body;
    const hasFooter = [html, text].map((part) => part.includes('https://example.com/unsubscribe'));
    expect(hasFooter).toEqual(Array(2).fill(broadcastFooter !== false));
  });

  it('has 1 to 5 addresses', async () => {
    const id = await created();
    const test = async (to: unknown) => (await api.ask('POST', `/broadcasts/${id}/test`, { to })).status;
    expect([
      await test('a@example.org'),
      await test([]),
      await test(Array(6).fill('a@example.org')),
      await test(['x']),
    ]).toEqual([200, 422, 422, 422]);
  });
});

it('progress counts what has happened, and knows when it will end', async () => {
  const recipients = Array.from({ length: 100 }, (_, index) => ({ email: `p${index}@example.org` }));
  const id = await created({ segment_id: undefined, recipients, send: true });
  await api.backend.table.insert({
    key: 'sending',
    fields: { readAtMs: now(), ratePerSecond: 14, max24Hours: -1, sent24Hours: 0 },
  });
  await addCounts(api.backend.table, id, {
    sent: 28,
    skipped: 2,
    delivered: 20,
    opened: 7,
    clicked: 3,
    recipientsDone: 30,
  });
  expect((await got(id)).progress).toMatchObject({
    total: 100,
    sent: 28,
    skipped: 2,
    delivered: 20,
    opened: 7,
    clicked: 3,
    rate: 14,
    etaSeconds: 5,
  });
});
