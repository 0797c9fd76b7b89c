import type { EmailRecord } from '../email/record.ts';
import { eventIdOf, reportedEventId } from '../event.ts';
import type { Table } from '../ports/table.ts';
import { deliveryKey, type WebhookDelivery } from './delivery.ts';
import type { Webhook } from './endpoint.ts';
import { indexedWebhookIds, listWebhooks } from './registry.ts';

/** The delivery of an event to an endpoint. */
export interface EmailDelivery {
  readonly webhook: Webhook;
  readonly delivery: WebhookDelivery;
}

/** The most deliveries that are looked up. The rest of an email with many recipients and many endpoints is left out. */
const MOST_LOOKED_UP = 1_000;

/**
 * The deliveries of an email's events to the endpoints that there are, newest first. Deliveries are not indexed by email: the ids of its
 * events follow from its record, and each delivery is looked up. Not found are opens and clicks beyond those in the timeline, and
 * `email.sent` while the record lacks `takenAtMs`.
 */
export async function deliveriesOf(record: EmailRecord, table: Table): Promise<EmailDelivery[]> {
  const webhooks = await listWebhooks(table, await indexedWebhookIds(table));
  const eventIds = eventIdsOf(record);
  const wanted = eventIds
    .flatMap((eventId) => webhooks.map((webhook) => ({ webhook, key: deliveryKey(webhook.id, eventId) })))
    .slice(-MOST_LOOKED_UP);
  const found = await table.getMany<WebhookDelivery>(
    wanted.map(({ key }) => key),
    { mayLag: true },
  );
  return wanted
    .flatMap(({ webhook }, index) => {
      const delivery = found[index];
      return delivery ? [{ webhook, delivery }] : [];
    })
    .sort((one, other) => other.delivery.createdAtMs - one.delivery.createdAtMs);
}

/** The ids of all events that this email can have had, in the order of its timeline. */
function eventIdsOf({ id, attempts, messageId, rejectedMessageId, takenAtMs, timeline }: EmailRecord): string[] {
  const sentAgain = timeline.flatMap(({ detail }) => /^sent again: (\S+)$/.exec(detail ?? '')?.[1] ?? []);
  const messageIds = [messageId, rejectedMessageId, ...sentAgain].filter((one) => one !== undefined);
  const reported = (event: string, atMs: number, recipient?: string) =>
    messageIds.map((messageId) => reportedEventId({ event, emailId: id, messageId, recipient, atMs }));
  const ids = timeline.flatMap(({ event, atMs, recipient }) => [
    ...(event === 'scheduled' ? [eventIdOf('email.scheduled', id)] : []),
    // A retry begins to count anew; most emails that failed before it were refused at the first attempt.
    ...(event === 'failed' ? [attempts, 1].map((n) => eventIdOf('email.failed', id, String(atMs), String(n))) : []),
    ...(event === 'suppressed' && recipient ? [eventIdOf('email.suppressed', id, recipient)] : []),
    ...reported(event, atMs, recipient),
  ]);
  return [...new Set([...(takenAtMs === undefined ? [] : reported('sent', takenAtMs)), ...ids])];
}
