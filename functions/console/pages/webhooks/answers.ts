import type {
  attemptView,
  deliverySummary,
  deliveryView,
  webhookDetail,
  webhookSummary,
} from '../../../api/webhooks/view.ts';

export type Webhook = ReturnType<typeof webhookSummary>;
/** The secret is absent for keys that may only read. */
export type WebhookDetail = Omit<ReturnType<typeof webhookDetail>, 'signing_secret'> & {
  readonly signing_secret?: string;
};
export type WebhookEvent = ReturnType<typeof deliverySummary>;
export type WebhookEventDetail = ReturnType<typeof deliveryView>;
export type Attempt = ReturnType<typeof attemptView>;
export type EventType = Webhook['events'][number];

/** The types of events by what they are about. */
export const EVENT_TYPES: Readonly<Record<string, readonly EventType[]>> = groups({
  'email.sent': true,
  'email.scheduled': true,
  'email.delivered': true,
  'email.delivery_delayed': true,
  'email.complained': true,
  'email.bounced': true,
  'email.opened': true,
  'email.clicked': true,
  'email.failed': true,
  'email.suppressed': true,
  'suppression.added': true,
  'suppression.removed': true,
  'contact.created': true,
  'contact.updated': true,
  'contact.deleted': true,
  'contact.topics.updated': true,
  'topic.created': true,
  'topic.updated': true,
  'topic.deleted': true,
  'task.succeeded': true,
  'task.failed': true,
});

/** Takes a record, so that the compiler finds a type that is missing. */
function groups(types: Readonly<Record<EventType, true>>): Readonly<Record<string, EventType[]>> {
  return Object.groupBy(Object.keys(types) as EventType[], (type) => type.split('.')[0] ?? '') as Record<
    string,
    EventType[]
  >;
}
