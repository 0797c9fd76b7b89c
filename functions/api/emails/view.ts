import type { Body } from '../../core/email/body.ts';
import type { EmailRecord, TimelineEntry } from '../../core/email/record.ts';
import type { FoundEmails } from '../../core/email/search.ts';
import { messageIdHeader } from '../../core/email/send/message-id.ts';
import { followsSent, lastEvent } from '../../core/email/status.ts';
import { timelineOf } from '../../core/email/timeline.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';
import type { WebhookDelivery } from '../../core/webhook/delivery.ts';
import type { Webhook } from '../../core/webhook/endpoint.ts';

/** An email as the list shows it. */
export function summary(record: EmailRecord) {
  return {
    id: record.id,
    message_id: messageIdHeader(record.messageId, process.env.AWS_REGION ?? 'us-east-1'),
    from: record.from,
    to: record.to,
    cc: record.cc ?? null,
    bcc: record.bcc ?? null,
    reply_to: record.replyTo ?? null,
    subject: record.subject,
    created_at: iso(record.createdAtMs),
    scheduled_at: isoOrNull(record.scheduledAtMs),
    last_event: lastEvent(record.status),
  };
}

/** A page of the list. That of a search also says how far it looked, and where to go on. */
export function emailList({ items, hasMore, next, searchedUntilMs }: FoundEmails) {
  return {
    object: 'list',
    has_more: hasMore,
    data: items.map(summary),
    ...(next === undefined ? {} : { next }),
    ...(searchedUntilMs === undefined ? {} : { searched_until: iso(searchedUntilMs) }),
  };
}

/**
 * An email as `GET /emails/{id}` shows it. An email of a broadcast has no body of its own, unless it was tried again: html and text are
 * null, and `broadcast_id` says whose content it has. To render it now could show other contact data than was sent.
 */
export function detail(record: EmailRecord, body: Body | undefined) {
  return {
    object: 'email',
    ...summary(record),
    html: body?.html ?? null,
    text: body?.text ?? null,
    tags: record.tags ?? [],
    topic_id: record.topicId ?? null,
    ...(record.broadcastId === undefined ? {} : { broadcast_id: record.broadcastId }),
    ...(record.templateId === undefined ? {} : { template_id: record.templateId }),
  };
}

/** An email's timeline, oldest first. */
export function timeline(record: EmailRecord) {
  const sentAtMs = record.timeline.find(({ event }) => event === 'sent')?.atMs ?? 0;
  // SES's clock may be behind ours: no event of a message is shown before the message was sent.
  const placeMs = ({ event, atMs }: TimelineEntry) => (followsSent(event) ? Math.max(atMs, sentAtMs) : atMs);
  // Entries are stored in the order of arrival, and events may arrive in another order than they happened.
  const entries = timelineOf(record).sort((a, b) => placeMs(a) - placeMs(b));
  const events = entries.map(({ atMs, event, detail: reason, recipient, soft, machine, lastAtMs, count }) => ({
    type: `email.${event}`,
    created_at: iso(atMs),
    ...(recipient === undefined ? {} : { recipient }),
    ...(reason === undefined ? {} : { reason }),
    ...(event === 'bounced' ? { permanent: !soft } : {}),
    ...(machine ? { machine } : {}),
    ...(lastAtMs === undefined ? {} : { last_at: iso(lastAtMs), count }),
  }));
  return { object: 'list', has_more: false, data: events };
}

/** The delivery of an event about an email to one endpoint, with its last attempt. */
export function webhookDelivery({ webhook, delivery }: { webhook: Webhook; delivery: WebhookDelivery }) {
  const last = delivery.attempts.at(-1);
  return {
    id: delivery.id,
    type: delivery.type,
    webhook_id: webhook.id,
    endpoint: webhook.endpoint,
    created_at: iso(delivery.createdAtMs),
    status: delivery.status,
    attempts: delivery.attempts.length,
    last_attempt: last
      ? { http_status_code: last.status, sent_at: iso(last.atMs), duration_ms: last.durationMs }
      : null,
    next_attempt_at: isoOrNull(delivery.nextAttemptAtMs),
  };
}
