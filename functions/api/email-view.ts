import type { Body, EmailRecord } from '../core/record.ts';
import { lastEvent } from '../core/status.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** An email as the list shows it. */
export function summary(record: EmailRecord) {
  return {
    id: record.id,
    message_id: record.messageId ? `<${record.messageId}@${messageIdDomain()}>` : null,
    from: record.from,
    to: record.to,
    cc: record.cc ?? null,
    bcc: record.bcc ?? null,
    reply_to: record.replyTo ?? null,
    subject: record.subject,
    created_at: iso(record.createdAtMs),
    scheduled_at: record.scheduledAtMs === undefined ? null : iso(record.scheduledAtMs),
    last_event: lastEvent(record.status),
  };
}

/** An email as `GET /emails/{id}` shows it. */
export function detail(record: EmailRecord, body: Body | undefined) {
  return {
    object: 'email',
    ...summary(record),
    html: body?.html ?? null,
    text: body?.text ?? null,
    tags: record.tags ?? [],
    topic_id: null,
  };
}

/** An email's timeline, oldest first. */
export function timeline(record: EmailRecord) {
  const events = record.timeline.map(({ atMs, event, detail: reason }) => ({
    type: `email.${event}`,
    created_at: iso(atMs),
    ...(reason === undefined ? {} : { reason }),
  }));
  return { object: 'list', has_more: false, data: events };
}

/** SES completes its message ids so in the Message-ID header it writes; us-east-1 is the exception. */
function messageIdDomain(): string {
  const region = process.env.AWS_REGION ?? 'us-east-1';
  return region === 'us-east-1' ? 'email.amazonses.com' : `${region}.amazonses.com`;
}
