import { derivedId } from './ids.ts';
import type { Document } from './ports/table.ts';

/** The types of events that webhooks can receive: those of Resend's that this version publishes, and those of the user's tasks. */
export const webhookEventTypes = [
  'email.sent',
  'email.scheduled',
  'email.delivered',
  'email.delivery_delayed',
  'email.complained',
  'email.bounced',
  'email.opened',
  'email.clicked',
  'email.failed',
  'email.suppressed',
  'suppression.added',
  'suppression.removed',
  'contact.created',
  'contact.updated',
  'contact.deleted',
  'contact.topics.updated',
  'topic.created',
  'topic.updated',
  'topic.deleted',
  'task.succeeded',
  'task.failed',
] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];

/** An event that is published to webhooks. */
export type WebhookEvent = {
  readonly type: WebhookEventType;
  /** The same each time the event is published: receivers recognise repetitions by it (`svix-id`). */
  readonly eventId: string;
  readonly atMs: number;
  readonly emailId?: string;
  /** The recipient, if it is not about all of them. */
  readonly recipient?: string;
  readonly details?: EventDetails;
  /** The payload's `data` of an event that is not about an email. */
  readonly subject?: Document;
};

/** The id that the same event always has. */
export function eventIdOf(...parts: readonly string[]): string {
  return `msg_${derivedId('event', ...parts).replaceAll('-', '')}`;
}

/** The identity of an event that the provider reported; without `recipient`, it is about all recipients. */
export interface ReportedEvent {
  /** The status that it reports, such as `delivered`. */
  readonly event: string;
  readonly emailId: string;
  readonly messageId: string;
  readonly recipient?: string | undefined;
  readonly atMs: number;
}

/** The id of an event that the provider reported. */
export const reportedEventId = ({ event, emailId, messageId, recipient = '', atMs }: ReportedEvent): string =>
  eventIdOf(event, emailId, messageId, recipient, String(atMs));

/** The fields of a payload beside those of the email; Resend's. */
export type EventDetails = {
  readonly bounce?: { readonly message: string; readonly type: string; readonly subType: string };
  readonly click?: {
    readonly ipAddress: string;
    readonly link: string;
    readonly timestamp: string;
    readonly userAgent: string;
    readonly machine: boolean;
  };
  readonly open?: {
    readonly ipAddress: string;
    readonly timestamp: string;
    readonly userAgent: string;
    readonly machine: boolean;
  };
  readonly failed?: { readonly reason: string };
  readonly suppressed?: { readonly message: string; readonly type: string };
  readonly complaint?: { readonly type: string };
  readonly delay?: { readonly type: string };
};
