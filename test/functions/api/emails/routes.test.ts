import { describe, expect, it } from 'vitest';
import { updateThenSend } from '../../../../functions/adapters/aws/backend.ts';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';
import { send, set } from './stored.ts';

const UNKNOWN = '0a1b2c3d-0000-4000-8000-000000000000';
const inFuture = ({ clock }: ApiClient, aheadMs: number) => new Date(clock.nowMs + aheadMs).toISOString();

describe('GET /emails/{id}', () => {
  it('shows everything, null where there is nothing', async () => {
    const client = await createApiClient();
    const id = await send(client);
    const { status, body } = await client.ask('GET', `/emails/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      object: 'email',
      id,
      message_id: '',
      from: 'a@example.com',
      to: ['b@example.com'],
      cc: null,
      bcc: null,
      reply_to: null,
      subject: 'Hello',
      created_at: '2026-11-21T12:00:00.000Z',
      scheduled_at: null,
      last_event: 'queued',
      html: null,
      text: 'Hello, B.',
      tags: [],
      topic_id: null,
    });
  });

  it('shows the text as given: null if it is made from the html, empty if there is to be none', async () => {
    const client = await createApiClient();
    const textOf = async (text: string | null) =>
      (await client.ask('GET', `/emails/${await send(client, { html: '<p>Hello</p>', text })}`)).body.text;
    expect([await textOf(null), await textOf('')]).toEqual([null, '']);
  });

  it('shows an email with everything in it', async () => {
    const client = await createApiClient();
    const fields = {
      from: '"Lee, Ann" <a@example.com>',
      cc: 'c@example.com',
      bcc: ['d@example.com', 'E <e@example.com>'],
      reply_to: 'f@example.com',
      html: '<b>Grüße</b>',
      tags: [{ name: 'a', value: 'b' }],
      scheduled_at: 'in 1 hour',
    };
    const { body } = await client.ask('GET', `/emails/${await send(client, fields)}`);
    expect(body).toMatchObject({
      ...fields,
      cc: ['c@example.com'],
      reply_to: ['f@example.com'],
      scheduled_at: '2026-11-21T13:00:00.000Z',
      last_event: 'scheduled',
    });
  });

  it('shows an email that is being sent as queued, and SES’s message id once it is sent', async () => {
    const client = await createApiClient();
    const id = await send(client);
    await set(client, id, { status: 'sending' });
    expect((await client.ask('GET', `/emails/${id}`)).body.last_event).toBe('queued');
    await set(client, id, { status: 'sent', messageId: '0100-abc' });
    expect((await client.ask('GET', `/emails/${id}`)).body).toMatchObject({
      last_event: 'sent',
      message_id: '<0100-abc@email.amazonses.com>',
    });
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    for (const path of ['', '/events'])
      expect(await ask('GET', `/emails/${UNKNOWN}${path}`)).toMatchObject({
        status: 404,
        body: { name: 'not_found', message: 'Email not found' },
      });
  });
});

describe('GET /emails/{id}/events', () => {
  it('lists what happened and why, oldest first', async () => {
    const client = await createApiClient();
    const id = await send(client, { scheduled_at: 'in 1 hour' });
    client.clock.nowMs += 1_000;
    await client.ask('PATCH', `/emails/${id}`, { scheduled_at: 'in 2 hours' });
    await client.backend.table.update(recordKey(id), {
      append: { timeline: [{ atMs: client.clock.nowMs + 1_000, event: 'failed', detail: 'no' }] },
    });
    expect((await client.ask('GET', `/emails/${id}/events`)).body).toEqual({
      object: 'list',
      has_more: false,
      data: [
        { type: 'email.scheduled', created_at: '2026-11-21T12:00:00.000Z' },
        { type: 'email.rescheduled', created_at: '2026-11-21T12:00:01.000Z' },
        { type: 'email.failed', created_at: '2026-11-21T12:00:02.000Z', reason: 'no' },
      ],
    });
  });

  it('shows all waits for another try as one event, with their number', async () => {
    const client = await createApiClient();
    const id = await send(client);
    const { nowMs } = client.clock;
    const deferred = { firstAtMs: nowMs + 1_000, lastAtMs: nowMs + 3_600_000, count: 40, detail: 'no answer' };
    await client.backend.table.update(recordKey(id), { set: { deferred } });
    expect((await client.ask('GET', `/emails/${id}/events`)).body.data[1]).toEqual({
      type: 'email.deferred',
      created_at: '2026-11-21T12:00:01.000Z',
      last_at: '2026-11-21T13:00:00.000Z',
      count: 40,
      reason: 'no answer',
    });
  });

  it('shows no event before the message was sent, even if the clock of SES is behind', async () => {
    const client = await createApiClient();
    const id = await send(client);
    const sentAtMs = client.clock.nowMs + 1_000;
    const timeline = [
      { atMs: sentAtMs, event: 'sent' },
      { atMs: sentAtMs - 500, event: 'delivered', recipient: 'a@example.org' },
    ];
    await client.backend.table.update(recordKey(id), { append: { timeline } });
    const { data } = (await client.ask('GET', `/emails/${id}/events`)).body as { data: { type: string }[] };
    expect(data.map(({ type }) => type)).toEqual(['email.queued', 'email.sent', 'email.delivered']);
  });
});

describe('GET /emails', () => {
  it('lists the newest first, without bodies, page by page both ways', async () => {
    const client = await createApiClient();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      client.clock.nowMs += 1;
      ids.unshift(await send(client));
    }
    const page = async (query: string) => {
      const { status, body } = await client.ask('GET', `/emails${query}`);
      expect([status, body.object]).toEqual([200, 'list']);
      return { ids: body.data.map(({ id }: { id: string }) => id), more: body.has_more };
    };
    expect(await page('')).toEqual({ ids, more: false });
    expect(await page('?limit=2')).toEqual({ ids: ids.slice(0, 2), more: true });
    expect(await page(`?limit=2&after=${ids[1]}`)).toEqual({ ids: ids.slice(2, 4), more: true });
    expect(await page(`?limit=2&after=${ids[3]}`)).toEqual({ ids: ids.slice(4), more: false });
    expect(await page(`?limit=2&before=${ids[4]}`)).toEqual({ ids: ids.slice(2, 4), more: true });
    expect(await page(`?limit=2&before=${ids[2]}`)).toEqual({ ids: ids.slice(0, 2), more: false });
    const { body } = await client.ask('GET', '/emails?limit=1');
    expect(Object.keys(body.data[0])).not.toContain('text');
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit='])('answers 422 to %s', async (query) => {
    const { ask } = await createApiClient();
    expect(await ask('GET', `/emails?${query}`)).toMatchObject({ status: 422, body: { name: 'invalid_parameter' } });
  });

  it.each(['after', 'before'])('answers 404 to an unknown id as cursor (%s)', async (name) => {
    const { ask } = await createApiClient();
    for (const id of [UNKNOWN, 'x'.repeat(3_000)]) expect((await ask('GET', `/emails?${name}=${id}`)).status).toBe(404);
  });
});

describe('PATCH /emails/{id}', () => {
  it('gives a scheduled email another time, near or far', async () => {
    const client = await createApiClient();
    const id = await send(client, { scheduled_at: 'in 1 hour' });
    for (const [aheadMs, jobs] of [
      [86_400_000, 0],
      [840_001, 0],
      [840_000, 1],
      [-30_000, 2],
    ] as const) {
      const scheduled_at = inFuture(client, aheadMs);
      const { status, body } = await client.ask('PATCH', `/emails/${id}`, { scheduled_at });
      expect([status, body]).toEqual([200, { object: 'email', id }]);
      expect((await client.ask('GET', `/emails/${id}`)).body.scheduled_at).toBe(scheduled_at);
      expect(client.backend.waiting()).toHaveLength(jobs);
    }
    const [near, now] = client.backend.waiting();
    expect(near?.job.dueAtMs).toBe(client.clock.nowMs + 840_000);
    expect(now?.job.dueAtMs).toBe(client.clock.nowMs - 30_000);
  });

  it.each(['id', 'email_id'])('ignores the id that clients repeat in the body as %s', async (name) => {
    const client = await createApiClient();
    const id = await send(client, { scheduled_at: 'in 1 hour' });
    const body = { [name]: UNKNOWN, scheduled_at: 'in 2 hours' };
    expect(await client.ask('PATCH', `/emails/${id}`, body)).toMatchObject({ status: 200, body: { id } });
    expect((await client.ask('GET', `/emails/${id}`)).body.scheduled_at).toBe('2026-11-21T14:00:00.000Z');
  });

  it.each(['queued', 'sending', 'sent', 'canceled', 'failed'])('answers 422 once it is %s', async (status) => {
    const client = await createApiClient();
    const id = await send(client, { scheduled_at: 'in 1 hour' });
    await set(client, id, { status });
    expect(await client.ask('PATCH', `/emails/${id}`, { scheduled_at: 'in 2 hours' })).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('can no longer be rescheduled') },
    });
  });

  it.each([
    {},
    { scheduled_at: 7 },
    { scheduled_at: 'whenever' },
    { scheduled_at: 'in 31 days' },
    { scheduled_at: 'in 1 min', x: 1 },
    [],
  ])('answers 422 to %j', async (body) => {
    const client = await createApiClient();
    const id = await send(client, { scheduled_at: 'in 1 hour' });
    expect((await client.ask('PATCH', `/emails/${id}`, body)).status).toBe(422);
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    expect((await ask('PATCH', `/emails/${UNKNOWN}`, { scheduled_at: 'in 1 min' })).status).toBe(404);
  });
});

describe('POST /emails/{id}/cancel', () => {
  it.each(['scheduled', 'queued'])('stops an email that is %s, and says so again', async (status) => {
    const client = await createApiClient();
    const id = await send(client, status === 'scheduled' ? { scheduled_at: 'in 1 hour' } : {});
    for (let count = 0; count < 2; count++)
      expect(await client.ask('POST', `/emails/${id}/cancel`)).toMatchObject({
        status: 200,
        body: { object: 'email', id },
      });
    const { body } = await client.ask('GET', `/emails/${id}/events`);
    expect(body.data.map(({ type }: { type: string }) => type)).toEqual([`email.${status}`, 'email.canceled']);
  });

  it.each(['sending', 'sent', 'delivered', 'failed'])('answers 422 once it is %s', async (status) => {
    const client = await createApiClient();
    const id = await send(client);
    await set(client, id, { status });
    expect(await client.ask('POST', `/emails/${id}/cancel`)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('can no longer be canceled') },
    });
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    expect((await ask('POST', `/emails/${UNKNOWN}/cancel`)).status).toBe(404);
  });
});

describe('POST /emails/{id}/retry', () => {
  it('queues a failed email again, from its first attempt', async () => {
    const client = await createApiClient();
    const id = await send(client);
    await client.backend.receive();
    await set(client, id, { status: 'failed', attempts: 50 });
    expect(await client.ask('POST', `/emails/${id}/retry`)).toMatchObject({
      status: 200,
      body: { object: 'email', id },
    });
    expect(client.backend.waiting()).toMatchObject([{ queue: 'transactional', job: { args: { id }, attempt: 1 } }]);
    expect((await client.ask('GET', `/emails/${id}`)).body.last_event).toBe('queued');
  });

  it('can be repeated when its job could not be queued', async () => {
    let isDown = false;
    const client = await createApiClient((backend) => {
      const broker: typeof backend.broker = {
        send: async (jobs) => {
          if (isDown) throw new Error('down');
          await backend.broker.send(jobs);
        },
      };
      return { ...backend, broker, updateAndSend: updateThenSend({ ...backend, broker }) };
    });
    const id = await send(client);
    await client.backend.receive();
    await set(client, id, { status: 'failed', attempts: 3 });
    isDown = true;
    expect((await client.ask('POST', `/emails/${id}/retry`)).status).toBe(500);
    isDown = false;
    expect((await client.ask('POST', `/emails/${id}/retry`)).status).toBe(200);
    expect(client.backend.waiting()).toHaveLength(1);
  });

  it.each(['sending', 'sent', 'canceled', 'scheduled'])('answers 422 when it is %s', async (status) => {
    const client = await createApiClient();
    const id = await send(client);
    await set(client, id, { status });
    expect(await client.ask('POST', `/emails/${id}/retry`)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('can no longer be retried') },
    });
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    expect((await ask('POST', `/emails/${UNKNOWN}/retry`)).status).toBe(404);
  });
});
