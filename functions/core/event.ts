import { derivedId } from './ids.ts';
import type { Document } from './ports/table.ts';

/** What a webhook can be told: Resend's types, as far as this version has something to tell. */
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
] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];

/** Something that happened, for whoever asked to be told. */
export type WebhookEvent = {
  readonly type: WebhookEventType;
  /** The same for every telling of the same thing: receivers recognise a repetition by it (`svix-id`). */
  readonly eventId: string;
  readonly atMs: number;
  readonly emailId?: string;
  /** Whom it happened to, if not to all recipients. */
  readonly recipient?: string;
  readonly details?: EventDetails;
  /** What happened to something that is not an email: the payload's `data`, whole. */
  readonly subject?: Document;
};

/** The id that the same event always has. */
export function eventIdOf(...parts: readonly string[]): string {
  return `msg_${derivedId('event', ...parts).replaceAll('-', '')}`;
}

/** What webhooks tell of an event beside the email itself; Resend's fields. */
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
