import { eventIdOf, type WebhookEvent } from '../event.ts';
import { iso } from '../iso-time.ts';
import type { Document } from '../ports/table.ts';
import type { Contact } from './contact.ts';

export type ContactEventType = 'contact.created' | 'contact.updated' | 'contact.deleted';

/** An event about a contact, with Resend's payload. The same change always has the same id. */
export function contactEvent(
  type: ContactEventType,
  contact: Contact,
  segmentIds: readonly string[],
  atMs: number,
): WebhookEvent {
  const subject = {
    id: contact.id,
    // Resend's name for the segment from when a contact had one.
    audience_id: segmentIds[0] ?? null,
    segment_ids: segmentIds,
    created_at: iso(contact.createdAtMs),
    updated_at: iso(contact.updatedAtMs),
    email: contact.email,
    first_name: contact.firstName ?? null,
    last_name: contact.lastName ?? null,
    unsubscribed: contact.unsubscribed,
  } satisfies Document;
  return { type, eventId: eventIdOf(type, JSON.stringify(subject)), atMs, subject };
}
