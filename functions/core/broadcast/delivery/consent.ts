import { type Contact, contactId } from '../../audience/contact.ts';
import { getContacts } from '../../audience/contacts.ts';
import { subscribes, type Topic } from '../../audience/topic.ts';
import type { Table } from '../../ports/table.ts';
import { findSuppressed } from '../../suppression/suppression.ts';
import type { Broadcast } from '../broadcast.ts';
import type { MergeRecipient } from '../content.ts';
import type { ChunkRecipient } from './chunk.ts';

/** The recipient of one email. */
export interface Addressee extends MergeRecipient {
  /** Absent for a recipient of a list who is not a contact. */
  readonly contactId?: string;
}

/** Why a recipient gets no email; `deleted`: the contact does not exist any more. */
export type SkipReason = 'suppressed' | 'unsubscribed' | 'deleted';

/** Whether a recipient gets the email. */
export type Consent =
  | { readonly addressee: Addressee; readonly skip?: undefined }
  | { readonly skip: SkipReason; readonly addressee?: undefined };

export interface ConsentDependencies {
  readonly table: Table;
  /** The broadcast's topic; undefined if it was deleted. */
  readonly topic: (id: string) => Promise<Topic | undefined>;
  readonly now: () => number;
}

/** The time that a read consent is used: an unsubscription counts a moment later. */
const FRESH_MS = 15_000;
/** The recipients that are read again at once, when what was read is older: their emails take a while. */
const READ_AGAIN = 10;

/**
 * Makes a function that tells of a chunk's recipient, by its position, whether it may be sent to now. It reads the given positions at
 * once, and again when it is asked much later.
 */
export function createConsent(
  broadcast: Broadcast,
  recipients: readonly ChunkRecipient[],
  positions: readonly number[],
  dependencies: ConsentDependencies,
): (position: number) => Promise<Consent> {
  const { now } = dependencies;
  const known = new Map<number, { readonly consent: Promise<Consent>; readonly atMs: number }>();

  const read = (some: readonly number[]) => {
    const chosen = some.flatMap((position) => recipients[position] ?? []);
    const consents = consentsOf(broadcast, chosen, dependencies);
    for (const [index, position] of some.entries()) {
      const consent = consents.then((all) => all[index] ?? DELETED);
      // Whoever asks is told of an error; nobody may ask for this one.
      consent.catch(() => {});
      known.set(position, { consent, atMs: now() });
    }
  };

  return (position) => {
    const standing = known.get(position);
    if (standing && now() - standing.atMs < FRESH_MS) return standing.consent;
    const from = positions.indexOf(position);
    read(standing ? positions.slice(from, from + READ_AGAIN) : positions);
    return known.get(position)?.consent ?? Promise.resolve(DELETED);
  };
}

const DELETED = { skip: 'deleted' } as const;
const UNSUBSCRIBED = { skip: 'unsubscribed' } as const;

/** The consents of some recipients, in order: two reads of each. */
async function consentsOf(
  { from, topicId }: Broadcast,
  recipients: readonly ChunkRecipient[],
  { table, topic }: ConsentDependencies,
): Promise<Consent[]> {
  const ids = recipients.map((one) => (typeof one === 'string' ? one : contactId(one.email)));
  const [contacts, asked] = await Promise.all([
    getContacts(table, ids),
    topicId === undefined ? undefined : topic(topicId),
  ]);
  // The default of a deleted topic is unknown: only contacts who chose the topic get the email.
  const about = topicId === undefined ? undefined : (asked ?? { id: topicId, defaultSubscription: 'opt_out' as const });
  const wants = (contact: Contact) => (about ? subscribes(contact, about) : !contact.unsubscribed);
  const consents = recipients.map((recipient, index): Consent => {
    const contact = contacts[index];
    if (contact && !wants(contact)) return UNSUBSCRIBED;
    if (typeof recipient === 'string') return contact ? { addressee: addresseeOf(contact) } : DELETED;
    const { email, variables = {} } = recipient;
    return { addressee: { email, properties: variables, ...(contact ? { contactId: contact.id } : {}) } };
  });
  const addresses = consents.flatMap(({ addressee }) => addressee?.email ?? []);
  const suppressed = await findSuppressed(table, from, addresses);
  return consents.map((consent) =>
    consent.addressee && suppressed.has(consent.addressee.email) ? { skip: 'suppressed' } : consent,
  );
}

const addresseeOf = ({ id, email, firstName, lastName, properties }: Contact): Addressee => ({
  contactId: id,
  email,
  firstName,
  lastName,
  properties,
});
