import { describe, expect, it } from 'vitest';
import { updateThenSend } from '../../../../functions/adapters/aws/backend.ts';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { isId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient, SENDING_KEY } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

const UNKNOWN = '0a1b2c3d-0000-4000-8000-000000000000';
const send = async ({ ask }: ApiClient, fields: Record<string, unknown> = {}): Promise<string> => {
  const { status, body } = await ask('POST', '/emails', { ...plainEmail, ...fields });
  if (status !== 200) throw new Error(body.message);
  return body.id;
};
const set = ({ backend }: ApiClient, id: string, fields: Record<string, string | number>) =>
  backend.table.update(recordKey(id), { set: fields });
const inFuture = ({ clock }: ApiClient, aheadMs: number) => new Date(clock.nowMs + aheadMs).toISOString();

describe('POST /emails', () => {
  it('answers only the id', async () => {
    const client = await createApiClient();
    const { status, body } = await client.ask('POST', '/emails', plainEmail);
    expect([status, Object.keys(body), isId(body.id)]).toEqual([200, ['id'], true]);
    expect(client.backend.waiting()).toMatchObject([{ queue: 'transactional', job: { args: { id: body.id } } }]);
  });

  it('names an unknown field and the most similar known one, and sends nothing', async () => {
    const { ask, backend } = await createApiClient();
    expect(await ask('POST', '/emails', { ...plainEmail, sheduled_at: 'tomorrow' })).toMatchObject({
      status: 422,
      body: { name: 'invalid_parameter', message: 'Unknown field `sheduled_at`. Did you mean `scheduled_at`?' },
    });
    expect(backend.waiting()).toEqual([]);
  });

  it('keeps an error short, whatever the request', async () => {
    const { ask } = await createApiClient();
    const long = 'x'.repeat(1_000_000);
    for (const fields of [
      { [long]: 1 },
      { to: long },
      { headers: { [long]: '1' } },
      { headers: { 'X-A': long } },
      { scheduled_at: long },
      { tags: [{ name: long, value: 'x' }] },
      { headers: { [long]: 1 } },
    ]) {
      const { status, body } = await ask('POST', '/emails', { ...plainEmail, ...fields });
      expect([status, JSON.stringify(body).length < 1_000]).toEqual([422, true]);
    }
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' };

  it('gives the same answer to the same request, and 409 to another', async () => {
    const { ask, backend } = await createApiClient();
    const first = await ask('POST', '/emails', plainEmail, key);
    expect((await ask('POST', '/emails', plainEmail, key)).body).toEqual(first.body);
    expect(await ask('POST', '/emails', { ...plainEmail, subject: 'Other' }, key)).toMatchObject({
      status: 409,
      body: { statusCode: 409, name: 'invalid_idempotent_request' },
    });
    expect((await ask('GET', `/emails/${first.body.id}`)).body).toMatchObject({ subject: 'Hello', text: 'Hello, B.' });
    expect(await backend.table.query({ index: 'list', partition: 'email', limit: 9, order: 'ascending' })).toHaveLength(
      1,
    );
  });

  it('gives the first answer even if `scheduled_at` has passed since', async () => {
    const { ask, clock, backend } = await createApiClient();
    const scheduled_at = new Date(clock.nowMs + 3_600_000).toISOString();
    const email = { ...plainEmail, scheduled_at };
    const asked: [string, unknown, Record<string, string>][] = [
      ['/emails', email, key],
      ['/emails/batch', [plainEmail, email], { 'idempotency-key': 'batch' }],
    ];
    for (const [path, body, headers] of asked) {
      clock.nowMs = Date.parse(scheduled_at) - 3_600_000;
      const first = await ask('POST', path, body, headers);
      clock.nowMs += 2 * 3_600_000;
      expect(await ask('POST', path, body, headers)).toMatchObject({ status: 200, body: first.body });
      // With another payload, without a key, or with a key of the day before, the time is in the past.
      const other = JSON.stringify(body, null, 1);
      expect((await ask('POST', path, other, headers)).body.message).toContain('it is in the past');
      expect((await ask('POST', path, body)).body.message).toContain('it is in the past');
      clock.nowMs += 24 * 3_600_000;
      expect((await ask('POST', path, body, headers)).body.message).toContain('it is in the past');
    }
    const query = { index: 'list', partition: 'email', limit: 9, order: 'ascending' } as const;
    expect(await backend.table.query(query)).toHaveLength(3);
  });

  it('belongs to one API key', async () => {
    const { ask } = await createApiClient();
    const first = await ask('POST', '/emails', plainEmail, key);
    const second = await ask(
      'POST',
      '/emails',
      { ...plainEmail, subject: 'Other' },
      { ...key, authorization: `Bearer ${SENDING_KEY}` },
    );
    expect(second.status).toBe(200);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('has 1 to 256 characters', async () => {
    const { ask } = await createApiClient();
    for (const [idempotencyKey, status] of [
      ['', 400],
      ['k', 200],
      ['k'.repeat(256), 200],
      ['k'.repeat(257), 400],
    ] as const) {
      const answer = await ask('POST', '/emails', plainEmail, { 'idempotency-key': idempotencyKey });
      expect(answer.status).toBe(status);
      if (status === 400)
        expect(answer.body).toMatchObject({
          name: 'invalid_idempotency_key',
          message: expect.stringMatching(/^Idempotency keys, if present, must have between 1 and 256 characters\. /),
        });
    }
  });

  it('holds for batches, and between a batch and a single email', async () => {
    const { ask } = await createApiClient();
    const batch = [plainEmail, { ...plainEmail, subject: 'Two' }];
    const first = await ask('POST', '/emails/batch', batch, key);
    expect((await ask('POST', '/emails/batch', batch, key)).body).toEqual(first.body);
    expect((await ask('POST', '/emails/batch', batch.toReversed(), key)).status).toBe(409);
    expect((await ask('POST', '/emails', plainEmail, key)).status).toBe(409);
  });
});

describe('POST /emails/batch', () => {
  const bad = { ...plainEmail, to: 'nobody' };

  it('answers the ids in order, on the queue for bulk', async () => {
    const { ask, backend } = await createApiClient();
    const subjects = Array.from({ length: 100 }, (_, index) => `Subject ${index}`);
    const { status, body } = await ask(
      'POST',
      '/emails/batch',
      subjects.map((subject) => ({ ...plainEmail, subject })),
    );
    expect([status, Object.keys(body)]).toEqual([200, ['data']]);
    const records = await backend.table.getMany<{ subject: string }>(
      body.data.map(({ id }: { id: string }) => recordKey(id)),
    );
    expect(records.map((record) => record?.subject)).toEqual(subjects);
    expect(new Set(backend.waiting().map(({ queue }) => queue))).toEqual(new Set(['bulk']));
  });

  it.each([
    ['none', []],
    ['101', Array.from({ length: 101 }, () => plainEmail)],
  ])('takes 1 to 100 emails, not %s', async (_what, batch) => {
    const { ask } = await createApiClient();
    expect(await ask('POST', '/emails/batch', batch)).toMatchObject({
      status: 422,
      body: { message: `A batch must have 1 to 100 emails; this one has ${batch.length}.` },
    });
  });

  it('accepts only a list', async () => {
    const { ask } = await createApiClient();
    for (const body of [plainEmail, { data: [plainEmail] }, 'null'])
      expect(await ask('POST', '/emails/batch', body)).toMatchObject({
        status: 422,
        body: { name: 'invalid_parameter' },
      });
  });

  it.each<Record<string, string>>([{}, { 'x-batch-validation': 'strict' }])(
    'refuses all for one bad entry, and says which (%j)',
    async (headers) => {
      const { ask, backend } = await createApiClient();
      expect(await ask('POST', '/emails/batch', [plainEmail, bad, { from: 'x' }], headers)).toMatchObject({
        status: 422,
        body: {
          name: 'validation_error',
          message: expect.stringMatching(
            /^Invalid `to` field\. The email address .* \(Email 1 of the batch, from 0\)$/,
          ),
        },
      });
      expect(backend.waiting()).toEqual([]);
    },
  );

  it('sends the good entries in permissive mode, and says why each bad one was refused', async () => {
    const { ask, backend } = await createApiClient();
    const headers = { 'x-batch-validation': 'permissive' };
    const { status, body } = await ask('POST', '/emails/batch', [bad, plainEmail, null, plainEmail], headers);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(2);
    expect(body.errors).toEqual([
      { index: 0, message: expect.stringContaining('Invalid `to` field') },
      { index: 2, message: expect.stringContaining('JSON object') },
    ]);
    expect(backend.waiting()).toHaveLength(2);
  });

  it('answers `errors` in permissive mode when no entry is bad, and when all are', async () => {
    const { ask, backend } = await createApiClient();
    const headers = { 'x-batch-validation': 'permissive' };
    expect((await ask('POST', '/emails/batch', [plainEmail], headers)).body).toMatchObject({ data: [{}], errors: [] });
    const { status, body } = await ask('POST', '/emails/batch', [bad], headers);
    expect([status, body]).toMatchObject([200, { data: [], errors: [{ index: 0 }] }]);
    expect(backend.waiting()).toHaveLength(1);
  });

  it('knows no other mode', async () => {
    const { ask } = await createApiClient();
    const headers = { 'x-batch-validation': 'lenient' };
    expect(await ask('POST', '/emails/batch', [plainEmail], headers)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('x-batch-validation') },
    });
  });
});

describe('an email with a topic', () => {
  it('is accepted, alone and in a batch, and shows it', async () => {
    const { ask } = await createApiClient();
    const topic_id = (await ask('POST', '/topics', { name: 'Offers', default_subscription: 'opt_in' })).body.id;
    const { body } = await ask('POST', '/emails', { ...plainEmail, topic_id });
    const batch = await ask('POST', '/emails/batch', [plainEmail, { ...plainEmail, topic_id }]);
    const ids = [body.id, ...batch.body.data.map(({ id }: { id: string }) => id)];
    const shown = await Promise.all(ids.map(async (id) => (await ask('GET', `/emails/${id}`)).body.topic_id));
    expect(shown).toEqual([topic_id, null, topic_id]);
  });

  it('is refused if there is no such topic', async () => {
    const { ask } = await createApiClient();
    const unknown = { ...plainEmail, topic_id: '00000000-0000-0000-0000-000000000000' };
    const refusal = { status: 404, body: { name: 'not_found', message: 'Topic not found' } };
    expect(await ask('POST', '/emails', unknown)).toMatchObject(refusal);
    const headers = { 'x-batch-validation': 'permissive' };
    const { body } = await ask('POST', '/emails/batch', [unknown, plainEmail], headers);
    expect(body).toMatchObject({ data: [{}], errors: [{ index: 0, message: 'Topic not found' }] });
  });
});

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
