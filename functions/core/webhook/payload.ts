import { normalizeAddress } from '../email/address.ts';
import type { Body } from '../email/body.ts';
import { publicHeaders } from '../email/own-headers.ts';
import type { EmailRecord } from '../email/record.ts';
import { messageIdHeader } from '../email/send/message-id.ts';
import type { WebhookEvent } from '../event.ts';
import { iso } from '../iso-time.ts';
import type { Document, FieldValue } from '../ports/table.ts';

/** A payload is stored with up to 100 attempts of about 3 KB each in one document, which holds 400 KB. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

/** The payload of an event about an email: Resend's fields, and `recipient` and `headers`. At most `MAX_PAYLOAD_BYTES`. */
export function emailPayload(
  { type, atMs, recipient, details = {} }: WebhookEvent,
  record: EmailRecord,
  { headers, region }: { headers: Body['headers']; region: string },
): string {
  const data = {
    email_id: record.id,
    message_id: messageIdHeader(record.messageId, region),
    created_at: iso(record.createdAtMs),
    from: record.from,
    to: recipientFirst(record.to, recipient),
    subject: record.subject,
    tags: Object.fromEntries((record.tags ?? []).map(({ name, value }) => [name, value])),
    ...(record.broadcastId === undefined ? {} : { broadcast_id: record.broadcastId }),
    ...(record.templateId === undefined ? {} : { template_id: record.templateId }),
    headers: Object.entries(publicHeaders(headers)).map(([name, value]) => ({ name, value })),
    recipient:
      recipient ?? (record.to.length === 1 && !record.cc && !record.bcc ? normalizeAddress(record.to[0] ?? '') : null),
    ...details,
  };
  return limited({ type, created_at: iso(atMs), data }, ['headers', 'to']);
}

/** The payload of an event that is not about an email. At most `MAX_PAYLOAD_BYTES`. */
export function subjectPayload({ type, atMs, subject = {} }: WebhookEvent): string {
  return limited({ type, created_at: iso(atMs), data: subject }, ['senders', 'topics', 'segment_ids']);
}

/** Programs that read Resend's webhooks, such as django-anymail, take the first entry of `to` for the recipient. */
function recipientFirst(to: readonly string[], recipient: string | undefined): string[] {
  const isIt = (text: string) => normalizeAddress(text) === recipient;
  return [...to.filter(isIt), ...to.filter((text) => !isIt(text))];
}

interface Payload {
  readonly type: string;
  readonly created_at: string;
  readonly data: Document;
}

/** The payload as JSON. If it is too large, these lists are cut at their ends, in this order, and named in `truncated`. */
function limited(payload: Payload, lists: readonly string[]): string {
  let { data } = payload;
  const withData = (changed: Document) => JSON.stringify({ ...payload, data: changed });
  const truncated: string[] = [];
  for (const field of lists) {
    const list = data[field];
    if (byteLength(withData(data)) <= MAX_PAYLOAD_BYTES) break;
    if (!Array.isArray(list)) continue;
    truncated.push(field);
    const emptied = { ...data, [field]: [], truncated: [...truncated] };
    data = { ...emptied, [field]: fitting(list, MAX_PAYLOAD_BYTES - byteLength(withData(emptied))) };
  }
  return withData(data);
}

/** The first items of a list that fit into so many bytes of JSON. */
function fitting(items: readonly FieldValue[], roomBytes: number): FieldValue[] {
  let left = roomBytes;
  const end = items.findIndex((item) => {
    left -= byteLength(JSON.stringify(item)) + 1;
    return left < 0;
  });
  return items.slice(0, end === -1 ? items.length : end);
}

const byteLength = (text: string): number => Buffer.byteLength(text);
