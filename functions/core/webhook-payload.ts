import { normalizeAddress } from './address.ts';
import { messageIdHeader } from './message-id.ts';
import type { Body, EmailRecord } from './record.ts';
import { publicHeaders } from './unsubscribe.ts';
import type { Announcement } from './webhook-event.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** What is posted of an event about an email: Resend's payload, `recipient` and `headers` beside. */
export function emailPayload(
  { type, atMs, recipient, details = {} }: Announcement,
  record: EmailRecord,
  { headers, region }: { headers: Body['headers']; region: string },
): string {
  return JSON.stringify({
    type,
    created_at: iso(atMs),
    data: {
      email_id: record.id,
      message_id: messageIdHeader(record.messageId, region),
      created_at: iso(record.createdAtMs),
      from: record.from,
      to: recipientFirst(record.to, recipient),
      subject: record.subject,
      tags: Object.fromEntries((record.tags ?? []).map(({ name, value }) => [name, value])),
      headers: Object.entries(publicHeaders(headers)).map(([name, value]) => ({ name, value })),
      recipient:
        recipient ??
        (record.to.length === 1 && !record.cc && !record.bcc ? normalizeAddress(record.to[0] ?? '') : null),
      ...details,
    },
  });
}

/** What is posted of an event that is not about an email. */
export function subjectPayload({ type, atMs, subject = {} }: Announcement): string {
  return JSON.stringify({ type, created_at: iso(atMs), data: subject });
}

/** Readers of Resend's webhooks, django-anymail among them, take the first of `to` for the one it happened to. */
function recipientFirst(to: readonly string[], recipient: string | undefined): string[] {
  const isIt = (text: string) => normalizeAddress(text) === recipient;
  return [...to.filter(isIt), ...to.filter((text) => !isIt(text))];
}
