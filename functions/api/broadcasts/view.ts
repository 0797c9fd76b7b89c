import type { Broadcast } from '../../core/broadcast/broadcast.ts';
import type { BroadcastContent } from '../../core/broadcast/content.ts';
import type { Progress } from '../../core/broadcast/counting/progress.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';

/** A broadcast as the list shows it. */
export function broadcastSummary(broadcast: Broadcast) {
  return {
    id: broadcast.id,
    name: broadcast.name,
    audience_id: broadcast.segmentId ?? null,
    segment_id: broadcast.segmentId ?? null,
    topic_id: broadcast.topicId ?? null,
    status: broadcast.status,
    created_at: iso(broadcast.createdAtMs),
    scheduled_at: isoOrNull(broadcast.scheduledAtMs),
    sent_at: isoOrNull(broadcast.sentAtMs),
  };
}

/** A broadcast with its content and its progress. */
export function broadcastDetail(broadcast: Broadcast, content: BroadcastContent, progress: Progress) {
  return {
    object: 'broadcast',
    ...broadcastSummary(broadcast),
    from: broadcast.from,
    subject: broadcast.subject,
    reply_to: broadcast.replyTo ?? null,
    preview_text: broadcast.previewText ?? null,
    html: content.html ?? null,
    text: content.text ?? null,
    reason: broadcast.reason ?? null,
    list: broadcast.listed ? { offset: broadcast.listLength ?? 0, total: broadcast.total ?? 0 } : null,
    progress,
  };
}
