import type { ApiKey } from '../../core/access/api-key.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';
import type { DeliveryAttempt, WebhookDelivery } from '../../core/webhook/delivery.ts';
import type { Webhook } from '../../core/webhook/endpoint.ts';
import { timestampOf } from '../../core/webhook/signature.ts';

/** An endpoint as the list shows it: Resend's fields, since when it fails, and when and why it was disabled. */
export function webhookSummary(webhook: Webhook) {
  return {
    id: webhook.id,
    endpoint: webhook.endpoint,
    created_at: iso(webhook.createdAtMs),
    status: webhook.status,
    events: webhook.events,
    failing_since: isoOrNull(webhook.failingSinceMs),
    disabled_at: isoOrNull(webhook.disabledAtMs),
    disabled_reason: webhook.disabledReason ?? null,
  };
}

/** An endpoint as `GET /webhooks/{id}` shows it; to a key that may only read without its secret, with which events could be forged. */
export function webhookDetail(webhook: Webhook, { permission }: Pick<ApiKey, 'permission'>) {
  const signing_secret = permission === 'read_access' ? null : webhook.secret;
  return { object: 'webhook', ...webhookSummary(webhook), signing_secret };
}

/** The delivery of an event, as the list shows it. */
export function deliverySummary({ id, type, createdAtMs, status }: WebhookDelivery) {
  return { id, type, created_at: iso(createdAtMs), status };
}

/** The delivery of an event, with its payload. */
export function deliveryView(delivery: WebhookDelivery) {
  return {
    object: 'webhook_event',
    ...deliverySummary(delivery),
    next_attempt_at: isoOrNull(delivery.nextAttemptAtMs),
    payload: JSON.parse(delivery.payload),
  };
}

/** One attempt of a delivery; `http_status_code` is 0 when there was no answer. */
export function attemptView(eventId: string, { id, atMs, durationMs, status, response, signature }: DeliveryAttempt) {
  const headers = signature && {
    'svix-id': eventId,
    'svix-timestamp': timestampOf(atMs),
    'svix-signature': signature,
  };
  return {
    id,
    http_status_code: status,
    response,
    sent_at: iso(atMs),
    duration_ms: durationMs,
    headers: headers || null,
  };
}
