import type { Contact } from '../../core/audience/contact.ts';
import { iso } from '../../core/iso-time.ts';

/** A contact as lists show it. */
export function contactRow(contact: Contact) {
  return {
    id: contact.id,
    email: contact.email,
    first_name: contact.firstName ?? null,
    last_name: contact.lastName ?? null,
    created_at: iso(contact.createdAtMs),
    unsubscribed: contact.unsubscribed,
  };
}

/** A contact with its properties. */
export function contactDetail(contact: Contact) {
  const properties = Object.entries(contact.properties).map(
    ([key, value]) => [key, { type: typeof value, value }] as const,
  );
  return { object: 'contact', ...contactRow(contact), properties: Object.fromEntries(properties) };
}
