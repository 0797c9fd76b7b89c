import type { attachmentView } from '../../../api/attachments/view.ts';
import type { detail, summary, timeline, webhookDelivery } from '../../../api/emails/view.ts';

/** A row of `GET /emails`. */
export type EmailRow = ReturnType<typeof summary>;
/** `GET /emails/{id}`. */
export type EmailDetail = ReturnType<typeof detail>;
/** `GET /emails/{id}/events`. */
export type Timeline = ReturnType<typeof timeline>;
export type TimelineEvent = Timeline['data'][number];
/** A row of `GET /emails/{id}/webhooks`. */
export type WebhookDelivery = ReturnType<typeof webhookDelivery>;
/** A row of `GET /emails/{id}/attachments`. */
export type AttachmentRow = ReturnType<Awaited<ReturnType<typeof attachmentView>>>;

/** Values of `last_event` in the order of an email's life. */
export const STATUSES = [
  'scheduled',
  'queued',
  'sent',
  'delivery_delayed',
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'suppressed',
  'failed',
  'canceled',
] as const;

const MOVING_MS = 10 * 60_000;

/** Whether a status is likely to change within seconds: just accepted, or just sent. */
export const isMoving = ({ last_event, created_at, scheduled_at }: EmailRow, nowMs = Date.now()): boolean =>
  ['queued', 'sent', 'scheduled'].includes(last_event) &&
  Math.abs(nowMs - Date.parse(scheduled_at ?? created_at)) < MOVING_MS;
