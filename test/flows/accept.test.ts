import { randomBytes, randomUUID } from 'node:crypto';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import type { LocalEvent } from '../../lib/local/cloud/log.ts';
import { type LocalSendoff, startLocalSendoff } from '../../lib/local/start.ts';
import { shortBatching } from '../helpers/short-batching.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import type { AcceptEvent } from './accept-function.ts';
import { synthesizeAcceptStack } from './accept-stack.ts';
import { anEmail } from './an-email.ts';
import { onRedis } from './flows-backend.ts';
import { startReceiver } from './receiver.ts';
import { type Json, requestTo } from './running.ts';

const config = onRedis ? ({ backend: 'redis', redisSecret: 'local' } as const) : {};
const events: LocalEvent[] = [];
const synthesis = synthesizeAcceptStack(config);
let sendoff: LocalSendoff;

beforeAll(async () => {
  // Both jobs of a repeated batch may be in one batch of Lambda: the copy comes back when it is visible again.
  const overrides = { ...shortBatching, ...shortVisibility };
  sendoff = await startLocalSendoff({ config, synthesis, overrides, log: (event) => void events.push(event) });
}, 60_000);
afterAll(async () => {
  await sendoff?.cloud.close();
  synthesis.remove();
});

/** The answer of the user's function. */
const shop = async (event: AcceptEvent): Promise<Json> => {
  const { payload, error } = await sendoff.cloud.function('Shop').invoke(event);
  expect(error).toBeUndefined();
  return payload;
};
const request = (...asked: Parameters<ReturnType<typeof requestTo>>) => requestTo(sendoff)(...asked);
const caught = (id: string) => sendoff.cloud.ses.messages().filter(({ tags }) => tags[EMAIL_ID_TAG] === id);

describe('a function of the user that has grantAccept', () => {
  it('accepts an email: it is sent, and reads as one of the API', async () => {
    const email = anEmail({ text: 'Grüße 👋', subject: `Order ${randomUUID()}` });
    const file = { name: 'order.bin', base64: randomBytes(600_000).toString('base64') };
    const { id } = await shop({ email, file });
    await sendoff.cloud.idle();
    const { json } = await request('GET', `/emails/${id}`);
    expect(json).toMatchObject({ id, subject: email.subject, text: 'Grüße 👋', last_event: 'delivered' });
    const [message, ...more] = caught(id);
    expect(more).toEqual([]);
    const { attachments } = await PostalMime.parse(Buffer.from(message?.raw ?? '', 'latin1'));
    const [{ filename, content } = { filename: '', content: '' }] = attachments;
    expect([filename, Buffer.from(content as ArrayBuffer).toString('base64')]).toEqual([file.name, file.base64]);
  });

  it('accepts a batch and answers the ids in order', async () => {
    const emails = [1, 2, 3].map((number) => anEmail({ subject: `Batch ${number} ${randomUUID()}` }));
    const ids: { id: string }[] = await shop({ emails });
    await sendoff.cloud.idle();
    const read = await Promise.all(ids.map(({ id }) => request('GET', `/emails/${id}`)));
    expect(read.map(({ json }) => json.subject)).toEqual(emails.map(({ subject }) => subject));
    for (const { id } of ids) expect(caught(id)).toHaveLength(1);
  });

  it('makes one email of two calls with one idempotency key, which no HTTP request shares', async () => {
    const options = { idempotencyKey: `order ${randomUUID()}` };
    const [email, batch] = [anEmail(), [anEmail(), anEmail()]];
    const first = await shop({ email, options });
    expect(await shop({ email, options })).toEqual(first);
    expect(await shop({ email: anEmail(), options })).toMatchObject({
      code: 'invalid_idempotent_request',
      status: 409,
    });
    const ofBatch = { idempotencyKey: `batch ${randomUUID()}` };
    expect(await shop({ emails: batch, options: ofBatch })).toEqual(await shop({ emails: batch, options: ofBatch }));
    const { json } = await request('POST', '/emails', email, { 'idempotency-key': options.idempotencyKey });
    expect(json.id).not.toBe(first.id);
    await sendoff.cloud.idle();
    expect(caught(first.id)).toHaveLength(1);
  });

  it('is refused what the API refuses, with the same error', async () => {
    const wrong = [
      [{ email: anEmail({ from: 'nobody' }) }, '/emails'],
      [{ email: anEmail({ unknown: 1 }) }, '/emails'],
      [{ email: anEmail({ scheduled_at: '2020-01-01T00:00:00Z' }) }, '/emails'],
      [{ emails: [anEmail(), anEmail({ to: [] })] }, '/emails/batch'],
      [{ emails: [] }, '/emails/batch'],
    ] as const;
    for (const [event, path] of wrong) {
      const { json } = await request('POST', path, 'email' in event ? event.email : event.emails);
      const expected = { code: json.name, status: json.statusCode, message: json.message, retryable: false };
      expect(expected.status).toBe(422);
      // With a key the first call under it is looked up, too.
      for (const options of [{}, { idempotencyKey: randomUUID() }])
        expect(await shop({ ...event, options })).toEqual(expected);
    }
    const idempotencyKey = 'x'.repeat(257);
    expect(await shop({ email: anEmail(), options: { idempotencyKey } })).toMatchObject({
      code: 'invalid_idempotency_key',
      status: 400,
    });
  });

  it('schedules an email, and webhooks are told', async () => {
    const receiver = await startReceiver();
    try {
      const types = ['email.scheduled'];
      const { json } = await request('POST', '/webhooks', { endpoint: receiver.url, events: types });
      const { id } = await shop({ email: anEmail({ scheduled_at: 'in 3 days' }) });
      const { event } = await receiver.waitFor(({ event }) => event.data.email_id === id);
      expect(event.type).toBe('email.scheduled');
      expect((await request('GET', `/emails/${id}`)).json.last_event).toBe('scheduled');
      await sendoff.cloud.idle();
      await request('DELETE', `/webhooks/${json.id}`);
    } finally {
      await receiver.close();
    }
  });

  it('was denied nothing by IAM', () => {
    expect(events.filter(({ kind }) => kind === 'denied')).toEqual([]);
  });
});
