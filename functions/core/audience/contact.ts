import { timeSort } from '../document/time-sort.ts';
import { normalizeAddress } from '../email/address.ts';
import { derivedId } from '../ids.ts';
import type { NewDocument } from '../ports/table.ts';
import type { PropertyChanges, PropertyValues } from './property.ts';
import type { TopicChoices } from './topic.ts';

/** A person who may receive broadcasts. There is one contact for each address. Times are epoch ms. */
export type Contact = {
  readonly id: string;
  readonly email: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** True: no broadcast is sent to the contact. */
  readonly unsubscribed: boolean;
  readonly properties: PropertyValues;
  /** Only the topics for which the contact has chosen. */
  readonly topics: TopicChoices;
  /** Counts the changes; concurrent ones compare it. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** A change of a contact: absent fields stay, null clears one, properties and topics are merged. */
export interface ContactChange {
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly unsubscribed?: boolean | undefined;
  readonly properties?: PropertyChanges | undefined;
  readonly topics?: TopicChoices | undefined;
}

/** A contact to create, or to change if there is one with its address. */
export interface NewContact extends ContactChange {
  /** A valid address without a name (`parseMailbox`). */
  readonly email: string;
}

/** The longest first or last name, in characters. */
export const MAX_NAME_LENGTH = 500;

export const CONTACT_PARTITION = 'contact';
/** The id is derived from the address, so that a contact is found by either with one read. */
export const contactId = (email: string): string => derivedId('contact', normalizeAddress(email));
export const contactKey = (id: string): string => `contact#${id}`;

/** The document of a contact that does not exist yet. */
export function newContact({ email, ...change }: NewContact, nowMs: number): Contact {
  const empty = { id: contactId(email), email, unsubscribed: false, properties: {}, topics: {}, revision: 1 };
  return { ...changed({ ...empty, createdAtMs: nowMs, updatedAtMs: nowMs }, change, nowMs), revision: 1 };
}

/** A contact as the table inserts it. */
export const contactDocument = (contact: Contact): NewDocument => ({
  key: contactKey(contact.id),
  fields: contact,
  list: { partition: CONTACT_PARTITION, sort: timeSort(contact.createdAtMs, contact.id) },
});

/** The contact after a change; the same object if it changes nothing. */
export function changed(contact: Contact, change: ContactChange, nowMs: number): Contact {
  const { firstName, lastName, ...rest } = contact;
  const properties = { ...contact.properties, ...change.properties };
  const after: Contact = {
    ...rest,
    ...field('firstName', change.firstName === undefined ? firstName : change.firstName),
    ...field('lastName', change.lastName === undefined ? lastName : change.lastName),
    unsubscribed: change.unsubscribed ?? contact.unsubscribed,
    properties: Object.fromEntries(
      Object.entries(properties).filter((entry): entry is [string, PropertyValues[string]] => entry[1] !== null),
    ),
    topics: { ...contact.topics, ...change.topics },
  };
  if (isSame(contact, after)) return contact;
  return { ...after, revision: contact.revision + 1, updatedAtMs: nowMs };
}

const field = <Name extends string>(name: Name, value: string | null | undefined) =>
  (value == null ? {} : { [name]: value }) as { [Key in Name]?: string };

const isSame = (contact: Contact, other: Contact): boolean =>
  contact.firstName === other.firstName &&
  contact.lastName === other.lastName &&
  contact.unsubscribed === other.unsubscribed &&
  isSameMap(contact.properties, other.properties) &&
  isSameMap(contact.topics, other.topics);

/** True if both have the same entries, in any order. */
function isSameMap<Value>(map: Readonly<Record<string, Value>>, other: Readonly<Record<string, Value>>): boolean {
  const keys = Object.keys(map);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && map[key] === other[key])
  );
}
