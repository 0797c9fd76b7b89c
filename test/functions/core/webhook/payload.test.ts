import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmailRecord } from '../../../../functions/core/email/record.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import {
  type DeliveryAttempt,
  deliveryKey,
  MAX_DELIVERY_ATTEMPTS,
  type WebhookDelivery,
} from '../../../../functions/core/webhook/delivery.ts';
import { emailPayload, MAX_PAYLOAD_BYTES, subjectPayload } from '../../../../functions/core/webhook/payload.ts';
import { type AwsEmulators, startAwsEmulators } from '../../../helpers/aws-emulators.ts';

const region = 'eu-west-1';
const record: EmailRecord = {
  ...{ id: 'one', status: 'delivered', from: 'me@example.com', subject: 's', createdAtMs: 0, to: ['a@example.com'] },
  ...{ fingerprint: 'f', queue: 'transactional', attempts: 1, messageId: 'ses-one', timeline: [] },
};
const event: WebhookEvent = { type: 'email.delivered', eventId: 'msg_1', atMs: 0, emailId: 'one' };

/** The most custom headers of an email, each as long as possible. */
const largestHeaders = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => [`X-Header-${index}`, '€'.repeat(8_000)]),
);
const read = (payload: string) => JSON.parse(payload).data;

describe('a payload', () => {
  it('names the broadcast and the template of the email, if it has one', () => {
    const none = read(emailPayload(event, record, { headers: {}, region }));
    for (const field of ['broadcast_id', 'template_id']) expect(none).not.toHaveProperty(field);
    const made = { ...record, broadcastId: 'b', templateId: 't' };
    const data = read(emailPayload(event, made, { headers: {}, region }));
    expect(data).toMatchObject({ broadcast_id: 'b', template_id: 't' });
  });

  it('does not mention a size limit that it does not reach', () => {
    const headers = { 'X-One': '1' };
    const data = read(emailPayload(event, record, { headers, region }));
    expect(data.headers).toEqual([{ name: 'X-One', value: '1' }]);
    expect(data).not.toHaveProperty('truncated');
  });

  it('has as many complete custom headers as fit, and says that some are missing', () => {
    const headers = { 'X-First': 'kept', ...largestHeaders };
    const payload = emailPayload(event, record, { headers, region });
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
    expect(Buffer.byteLength(payload)).toBeGreaterThan(MAX_PAYLOAD_BYTES - 3 * 8_000 - 100);
    const data = read(payload);
    expect(data.truncated).toEqual(['headers']);
    expect(data.headers).toEqual(
      Object.entries(headers)
        .slice(0, data.headers.length)
        .map(([name, value]) => ({ name, value })),
    );
    expect(data.to).toEqual(record.to);
  });

  it('is complete at its limit, and cut one byte above it', () => {
    const size = (length: number) => emailPayload(event, record, { headers: { 'X-One': 'x'.repeat(length) }, region });
    const most = MAX_PAYLOAD_BYTES - Buffer.byteLength(size(0));
    expect(Buffer.byteLength(size(most))).toBe(MAX_PAYLOAD_BYTES);
    expect(read(size(most))).not.toHaveProperty('truncated');
    expect(read(size(most + 1))).toMatchObject({ headers: [], truncated: ['headers'] });
  });

  it('has the recipient of the event even if not all recipients fit', () => {
    const to = Array.from({ length: 50 }, (_, index) => `${'€'.repeat(900)} <r${index}@example.com>`);
    const tellsOf = { ...event, recipient: 'r49@example.com' };
    const payload = emailPayload(tellsOf, { ...record, to }, { headers: largestHeaders, region });
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
    const data = read(payload);
    expect(data.to[0]).toBe(to[49]);
    expect(data).toMatchObject({ truncated: ['headers', 'to'], headers: [], recipient: 'r49@example.com' });
  });

  it('about an address that is suppressed for thousands of senders names as many as fit', () => {
    const senders = Array.from({ length: 5_000 }, (_, index) => `sender-${index}@example.com`);
    const payload = subjectPayload({
      ...event,
      type: 'suppression.added',
      subject: { email: 'a@example.com', senders },
    });
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
    expect(read(payload)).toMatchObject({ email: 'a@example.com', truncated: ['senders'] });
  });
});

describe('a delivery', () => {
  let aws: AwsEmulators;
  beforeAll(async () => {
    aws = await startAwsEmulators();
  });
  afterAll(() => aws?.close());

  it('fits into one document of DynamoDB with the largest payload and the most attempts', async () => {
    const payload = emailPayload(event, record, {
      headers: { 'X-One': '€'.repeat((MAX_PAYLOAD_BYTES - 1_000) / 3) },
      region,
    });
    expect(Buffer.byteLength(payload)).toBeGreaterThan(MAX_PAYLOAD_BYTES - 1_000);
    const attempts = Array.from({ length: MAX_DELIVERY_ATTEMPTS }, (_, index): DeliveryAttempt => {
      const id = `msg_${'0'.repeat(32)}-${index + 1}`;
      return { id, atMs: Date.now(), durationMs: 15_000, status: 503, response: '€'.repeat(1_024) };
    });
    const key = deliveryKey('webhook', 'event');
    const fields: WebhookDelivery = {
      ...{ id: 'event', webhookId: 'webhook', type: 'email.sent', createdAtMs: 0, status: 'attempting' },
      ...{ payload, attempts: attempts.slice(1) },
    };
    await aws.table.insert({ key, fields, list: { partition: 'p', sort: 's' } });
    const { applied } = await aws.table.update(key, { append: { attempts: attempts.slice(0, 1) } });
    expect(applied).toBe(true);
  });
});
