import { randomBytes } from 'node:crypto';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { anEmail } from './an-email.ts';
import { onRedis } from './flows-backend.ts';
import { SENDER_DOMAIN } from './sender-domain.ts';
import { canThrottle, runningTarget } from './target.ts';

const sendoff = runningTarget({ overrides: shortVisibility });

async function sent(id: string | undefined) {
  await sendoff.idle();
  const [message, ...others] = await sendoff.caught(id ?? '');
  if (!message) throw new Error('the email was not sent');
  expect(others).toEqual([]);
  return { message, mime: await PostalMime.parse(message.raw) };
}

describe('templates with the official client', () => {
  it('send what was published, in the subject and both parts, from a batch too', async () => {
    const { templates, emails, batch } = sendoff.resend;
    const made = await templates.create({
      name: 'Order',
      from: 'Shop <shop@example.com>',
      subject: 'Order {{{NUMBER}}}',
      html: '<p>{{{NAME}}}, order {{{NUMBER}}} is on its way.</p>',
      variables: [
        { key: 'NUMBER', type: 'number' },
        { key: 'NAME', type: 'string', fallbackValue: 'Hello' },
      ],
    });
    expect(made.error).toBeNull();
    const id = made.data?.id ?? '';
    expect((await templates.publish(id)).error).toBeNull();
    const to = 'ada@example.org';
    const one = await emails.send({ to, template: { id, variables: { NUMBER: 7, NAME: 'Ada' } } } as never);
    const { mime } = await sent(one.data?.id);
    expect(mime).toMatchObject({
      from: { address: 'shop@example.com' },
      subject: 'Order 7',
      html: '<p>Ada, order 7 is on its way.</p>\n',
      text: 'Ada, order 7 is on its way.\n',
    });
    const many = await batch.send([{ to, template: { id, variables: { NUMBER: 8 } } }] as never);
    expect((await sent(many.data?.data[0]?.id)).mime).toMatchObject({
      subject: 'Order 8',
      text: 'Hello, order 8 is on its way.\n',
    });
  });
});

describe('sending with the official client', () => {
  it('answers at once, sends, and shows the timeline', async () => {
    const everyone = ['a@example.org', 'b@example.org', 'c@example.org', 'd@example.org'];
    const { data, error } = await sendoff.resend.emails.send(
      anEmail({
        to: ['a@example.org', 'Bé <b@example.org>'],
        cc: 'c@example.org',
        bcc: 'd@example.org',
        replyTo: 'r@example.org',
        subject: 'Grüße 👋',
        text: 'Hi',
        tags: [{ name: 'kind', value: 'test' }],
        headers: { 'X-Entity-Ref-ID': '42' },
      }) as never,
    );
    expect(error).toBeNull();
    const { message, mime } = await sent(data?.id);
    expect(message.envelope.from).toBe('me@example.com');
    // LocalStack does not keep the recipients of a raw message, MiniStack not its tags.
    if (message.envelope.to) expect(message.envelope.to.toSorted()).toEqual(everyone);
    if (message.tags) expect(message.tags).toMatchObject({ kind: 'test' });
    expect(mime).toMatchObject({
      subject: 'Grüße 👋',
      text: 'Hi\n',
      html: '<p>Hello</p>\n',
      from: { name: 'Me', address: 'me@example.com' },
    });
    expect(message.raw).not.toContain('d@example.org');
    expect(mime.headers).toContainEqual(expect.objectContaining({ key: 'x-entity-ref-id', value: '42' }));

    const got = await sendoff.resend.emails.get(data?.id ?? '');
    expect(got.data).toMatchObject({
      object: 'email',
      id: data?.id,
      message_id: expect.stringMatching(/^<.+@email\.amazonses\.com>$/),
      from: 'Me <me@example.com>',
      to: ['a@example.org', 'Bé <b@example.org>'],
      cc: ['c@example.org'],
      bcc: ['d@example.org'],
      reply_to: ['r@example.org'],
      subject: 'Grüße 👋',
      html: '<p>Hello</p>',
      text: 'Hi',
      scheduled_at: null,
      tags: [{ name: 'kind', value: 'test' }],
    });
    const { json } = await sendoff.request('GET', `/emails/${data?.id}/events`);
    expect(json.data.map(({ type }: { type: string }) => type).slice(0, 2)).toEqual(['email.queued', 'email.sent']);
  });

  it('adds a text part to html without text, unless the text is empty', async () => {
    const html = '<p>Hello, <a href="https://example.com/">Bob</a>.</p>';
    const { data } = await sendoff.resend.emails.send(anEmail({ html }) as never);
    expect((await sent(data?.id)).mime).toMatchObject({
      text: 'Hello, Bob https://example.com/.\n',
      html: `${html}\n`,
    });
    const without = await sendoff.resend.emails.send(anEmail({ html, text: '' }) as never);
    const { mime, message } = await sent(without.data?.id);
    expect(mime.html).toContain('Hello');
    expect(message.raw).not.toContain('text/plain');
  });

  it('sends attachments given as a Buffer, as base64 and inline', async () => {
    const bytes = Buffer.from([0, 1, 2, 250, 255]);
    const { data, error } = await sendoff.resend.emails.send(
      anEmail({
        html: '<img src="cid:logo">',
        attachments: [
          { filename: 'bytes.bin', content: bytes },
          { filename: 'résumé.txt', content: Buffer.from('hello').toString('base64'), contentType: 'text/plain' },
          { filename: 'logo.png', content: bytes.toString('base64'), contentId: 'logo' },
        ],
      }) as never,
    );
    expect(error).toBeNull();
    const { mime } = await sent(data?.id);
    const files = mime.attachments.map(({ filename, content, contentId }) => ({
      filename,
      contentId,
      bytes: Buffer.from(content as ArrayBuffer).toString('hex'),
    }));
    expect(files).toContainEqual(expect.objectContaining({ filename: 'bytes.bin', bytes: bytes.toString('hex') }));
    expect(files).toContainEqual(
      expect.objectContaining({ filename: 'résumé.txt', bytes: Buffer.from('hello').toString('hex') }),
    );
    expect(files).toContainEqual({ filename: 'logo.png', contentId: '<logo>', bytes: bytes.toString('hex') });
  });

  it('stores a body that is too large for the table in the bucket, and sends it', async () => {
    const bytes = randomBytes(3_000_000);
    const { data, error } = await sendoff.resend.emails.send(
      anEmail({ attachments: [{ filename: 'large.bin', content: bytes.toString('base64') }] }) as never,
    );
    expect(error).toBeNull();
    const { mime } = await sent(data?.id);
    expect(Buffer.compare(Buffer.from(mime.attachments[0]?.content as ArrayBuffer), bytes)).toBe(0);
    expect((await sendoff.resend.emails.get(data?.id ?? '')).data?.html).toBe('<p>Hello</p>');
  });

  it('lists emails newest first, page by page, both ways', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++)
      ids.unshift((await sendoff.resend.emails.send(anEmail({ subject: `Page ${count}` }) as never)).data?.id ?? '');
    await sendoff.idle();
    const first = (await sendoff.request('GET', '/emails?limit=2')).json;
    expect(first).toMatchObject({ object: 'list', has_more: true, data: [{ id: ids[0] }, { id: ids[1] }] });
    const second = (await sendoff.request('GET', `/emails?limit=2&after=${ids[1]}`)).json;
    expect(second.data.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[3]]);
    const back = (await sendoff.request('GET', `/emails?limit=1&before=${ids[2]}`)).json;
    expect(back.data.map(({ id }: { id: string }) => id)).toEqual([ids[1]]);
  });
});

describe('batches', () => {
  it('answers ids in order and sends each', async () => {
    const { data } = await sendoff.resend.batch.send([
      anEmail({ subject: 'One' }),
      anEmail({ subject: 'Two' }),
    ] as never);
    const ids = data?.data.map(({ id }) => id) ?? [];
    expect((await sent(ids[0])).mime.subject).toBe('One');
    expect((await sent(ids[1])).mime.subject).toBe('Two');
  });

  it('refuses the whole batch for one wrong entry when strict, and only that entry when permissive', async () => {
    const entries = [anEmail({ subject: 'Good' }), anEmail({ to: 'nobody' })];
    const strict = await sendoff.request('POST', '/emails/batch', entries);
    expect(strict).toMatchObject({
      status: 422,
      json: {
        name: 'validation_error',
        message: expect.stringMatching(/^Invalid `to` field\. .*\(Email 1 of the batch, from 0\)$/),
      },
    });
    const permissive = await sendoff.request('POST', '/emails/batch', entries, { 'x-batch-validation': 'permissive' });
    expect(permissive).toMatchObject({
      status: 200,
      json: { data: [{ id: expect.any(String) }], errors: [{ index: 1, message: expect.stringContaining('`to`') }] },
    });
    await sent(permissive.json.data[0].id);
  });
});

describe('idempotency', () => {
  it('makes one email of one key and payload, however often and in parallel', async () => {
    const post = () => sendoff.request('POST', '/emails', anEmail({ subject: 'Once' }), { 'idempotency-key': 'once' });
    const answers = await Promise.all(Array.from({ length: 8 }, post));
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
    await sent(answers[0]?.json.id);
  });

  it('answers 409 to another payload with the same key, and sends the first one', async () => {
    const headers = { 'idempotency-key': 'other' };
    const first = await sendoff.request('POST', '/emails', anEmail({ subject: 'First' }), headers);
    const second = await sendoff.request('POST', '/emails', anEmail({ subject: 'Second' }), headers);
    expect(second).toMatchObject({ status: 409, json: { statusCode: 409, name: 'invalid_idempotent_request' } });
    expect((await sent(first.json.id)).mime.subject).toBe('First');
  });

  it('applies to batches, even to a longer one with the same key', async () => {
    const headers = { 'idempotency-key': 'batch' };
    const one = [anEmail({ subject: 'A' }), anEmail({ subject: 'B' })];
    const first = await sendoff.request('POST', '/emails/batch', one, headers);
    const again = await sendoff.request('POST', '/emails/batch', one, headers);
    expect(again.json).toEqual(first.json);
    const before = await sendoff.request('GET', '/emails?limit=100');
    expect((await sendoff.request('POST', '/emails/batch', [...one, anEmail({ subject: 'C' })], headers)).status).toBe(
      409,
    );
    await sendoff.idle();
    expect((await sendoff.request('GET', '/emails?limit=100')).json.data.length).toBe(before.json.data.length);
    for (const { id } of first.json.data) await sent(id);
  });
});

describe('scheduling', () => {
  it('sends at the requested time', async () => {
    const dueAtMs = Date.now() + 3_000;
    const { data } = await sendoff.resend.emails.send(
      anEmail({ scheduledAt: new Date(dueAtMs).toISOString() }) as never,
    );
    expect((await sendoff.resend.emails.get(data?.id ?? '')).data?.last_event).toBe('scheduled');
    const { message } = await sent(data?.id);
    expect(message.sentAtMs).toBeGreaterThan(dueAtMs - 1_000);
  });

  it('does not send a canceled email, although its job is queued', async () => {
    const { data } = await sendoff.resend.emails.send(anEmail({ scheduledAt: 'in 2 seconds' }) as never);
    expect((await sendoff.resend.emails.cancel(data?.id ?? '')).error).toBeNull();
    await sendoff.idle();
    expect(await sendoff.caught(data?.id ?? '')).toEqual([]);
    expect((await sendoff.resend.emails.get(data?.id ?? '')).data?.last_event).toBe('canceled');
  });

  it('sends a rescheduled email once, at the new time', async () => {
    const { data } = await sendoff.resend.emails.send(anEmail({ scheduledAt: 'in 4 seconds' }) as never);
    const dueAtMs = Date.now() + 7_000;
    const { error } = await sendoff.resend.emails.update({
      id: data?.id ?? '',
      scheduledAt: new Date(dueAtMs).toISOString(),
    });
    expect(error).toBeNull();
    const { message } = await sent(data?.id);
    expect(message.sentAtMs).toBeGreaterThan(dueAtMs - 2_500);
  });

  it('queues emails that are due soon when the schedule runs, and leaves later ones', async () => {
    const soon = await sendoff.resend.emails.send(anEmail({ scheduledAt: 'in 20 minutes' }) as never);
    const later = await sendoff.resend.emails.send(anEmail({ scheduledAt: 'in 2 days' }) as never);
    // On Redis the broker has both already, and the watchdog only invokes a consumer when one is due.
    const nothingDue = onRedis ? { invocations: 0 } : { handedOver: 0 };
    expect(await sendoff.runSchedule()).toMatchObject(nothingDue);
    for (const { data } of [soon, later]) {
      expect((await sendoff.resend.emails.cancel(data?.id ?? '')).error).toBeNull();
    }
  });
});

describe('failing', () => {
  it('marks an email as failed with the reason when SES refuses it, and can send it again', async () => {
    await sendoff.setVerifiedDomain('example.net');
    const { data } = await sendoff.resend.emails.send(anEmail() as never);
    await sendoff.idle();
    const { json } = await sendoff.request('GET', `/emails/${data?.id}/events`);
    expect(json.data.at(-1)).toMatchObject({ type: 'email.failed', reason: expect.stringContaining('not verified') });

    await sendoff.setVerifiedDomain(SENDER_DOMAIN);
    expect((await sendoff.request('POST', `/emails/${data?.id}/retry`)).status).toBe(200);
    await sent(data?.id);
  });

  it.runIf(canThrottle)('waits and sends all when SES throttles', async () => {
    await sendoff.setSendRate(5);
    const { data } = await sendoff.resend.batch.send(
      Array.from({ length: 20 }, (_, index) => anEmail({ subject: `${index}` })) as never,
    );
    await sendoff.idle();
    await sendoff.setSendRate(undefined);
    for (const { id } of data?.data ?? []) await sent(id);
  });
});

describe('keys', () => {
  it('creates, lists, renames, restricts and deletes API keys', async () => {
    const { data } = await sendoff.resend.apiKeys.create({ name: 'Sender', permission: 'sending_access' });
    const asSender = { authorization: `Bearer ${data?.token}` };
    expect((await sendoff.request('POST', '/emails', anEmail(), asSender)).status).toBe(200);
    expect(await sendoff.request('GET', '/emails', undefined, asSender)).toMatchObject({
      status: 401,
      json: { name: 'restricted_api_key' },
    });
    expect((await sendoff.request('PATCH', `/api-keys/${data?.id}`, { name: 'Renamed' })).status).toBe(200);
    expect((await sendoff.resend.apiKeys.list()).data?.data).toContainEqual(
      expect.objectContaining({ id: data?.id, name: 'Renamed' }),
    );
    expect((await sendoff.resend.apiKeys.remove(data?.id ?? '')).error).toBeNull();
    expect((await sendoff.request('DELETE', `/api-keys/${data?.id}`)).status).toBe(404);
    await sendoff.idle();
  });

  it('stores no token, anywhere', async () => {
    const { data } = await sendoff.resend.apiKeys.create({ name: 'Secret' });
    const key = await sendoff.table.get(`api-key#${data?.id}`);
    expect(JSON.stringify(key)).not.toContain(data?.token);
    expect(await sendoff.logs()).not.toContain(data?.token);
  });
});
