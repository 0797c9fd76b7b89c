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
