import { notFound, SendoffError } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';
import { slices } from '../slices.ts';
import type { Publish } from '../webhook/dispatch.ts';
import {
  type Contact,
  type ContactChange,
  changed,
  contactDocument,
  contactId,
  contactKey,
  type NewContact,
  newContact,
} from './contact.ts';
import { contactEvent } from './contact-event.ts';
import { segmentIdsOf } from './membership.ts';

export interface ContactDependencies {
  readonly table: Table;
  readonly publish: Publish;
  readonly now: () => number;
}

/** The rule for a contact that exists: change it, or leave it as it is. */
export type ConflictRule = 'upsert' | 'skip';

/** The outcome of one upsert. A contact that had these values before is `updated`, too; it is not written. */
export interface UpsertOutcome {
  readonly id: string;
  readonly outcome: 'created' | 'updated' | 'skipped';
}

export interface UpsertOptions {
  readonly conflict?: ConflictRule;
  /** The segments that the contacts are added to next, for the event `contact.created`. */
  readonly segmentIds?: readonly string[];
}

/** Contacts to write side by side. */
const AT_ONCE = 100;
/** Tries to change a contact that others change at the same time; one of them succeeds with each try. */
const TRIES = 30;

/** The contact with this id or address; one read, or none for what is neither. */
export async function findContact(table: Pick<Table, 'get'>, idOrEmail: string): Promise<Contact | undefined> {
  const id = idOrEmail.includes('@') ? contactId(idOrEmail) : idOrEmail;
  return isId(id) ? table.get<Contact>(contactKey(id)) : undefined;
}

/** The same; 404 if there is none. */
export async function existingContact(table: Pick<Table, 'get'>, idOrEmail: string): Promise<Contact> {
  const contact = await findContact(table, idOrEmail);
  if (!contact) throw notFound('Contact');
  return contact;
}

/** The contacts with these ids, in order; undefined where there is none. */
export const getContacts = (table: Pick<Table, 'getMany'>, ids: readonly string[]): Promise<(Contact | undefined)[]> =>
  table.getMany<Contact>(ids.map(contactKey));

/**
 * Creates contacts, and changes those that exist if the rule is `upsert` (the default). Answers the outcomes in order. An address that is
 * there twice is written once: with `upsert` the later values win, with `skip` the first. May be repeated after an error.
 */
export async function upsertContacts(
  dependencies: ContactDependencies,
  contacts: readonly NewContact[],
  { conflict = 'upsert', segmentIds = [] }: UpsertOptions = {},
): Promise<UpsertOutcome[]> {
  const wanted = new Map<string, NewContact>();
  for (const contact of contacts) {
    const id = contactId(contact.email);
    const before = wanted.get(id);
    if (!before) wanted.set(id, contact);
    else if (conflict === 'upsert') wanted.set(id, merged(before, contact));
  }
  const outcomes = new Map<string, UpsertOutcome['outcome']>();
  for (const some of slices([...wanted], AT_ONCE)) {
    const found = await getContacts(
      dependencies.table,
      some.map(([id]) => id),
    );
    const upserts = some.map(([id, given], index) => ({ id, given, standing: found[index] }));
    for (const [id, outcome] of await upsertAll(dependencies, upserts, conflict, segmentIds)) outcomes.set(id, outcome);
  }
  const seen = new Set<string>();
  return contacts.map(({ email }) => {
    const id = contactId(email);
    const outcome = outcomes.get(id) ?? 'skipped';
    if (!seen.has(id)) {
      seen.add(id);
      return { id, outcome };
    }
    return { id, outcome: conflict === 'upsert' ? 'updated' : 'skipped' };
  });
}

/** Two changes as one; the second wins. */
const merged = (first: NewContact, second: NewContact): NewContact => ({
  ...first,
  ...Object.fromEntries(Object.entries(second).filter(([, value]) => value !== undefined)),
  email: first.email,
  ...(first.properties ? { properties: { ...first.properties, ...second.properties } } : {}),
  ...(first.topics ? { topics: { ...first.topics, ...second.topics } } : {}),
});

interface Upsert {
  readonly id: string;
  readonly given: NewContact;
  /** The contact as it was read; undefined: there is none. */
  readonly standing: Contact | undefined;
}

/** Publishes first, then writes: after a crash in between, the caller repeats both. */
async function upsertAll(
  { table, publish, now }: ContactDependencies,
  upserts: readonly Upsert[],
  conflict: ConflictRule,
  segmentIds: readonly string[],
): Promise<Map<string, UpsertOutcome['outcome']>> {
  const outcomes = new Map<string, UpsertOutcome['outcome']>();
  let pending = upserts;
  for (let tries = 0; pending.length > 0; tries++) {
    if (tries === TRIES) throw concurrent();
    const nowMs = now();
    const writes: { readonly upsert: Upsert; readonly after: Contact }[] = [];
    for (const upsert of pending) {
      const { id, given, standing } = upsert;
      if (standing && conflict === 'skip') outcomes.set(id, 'skipped');
      else {
        const after = standing ? changed(standing, given, nowMs) : newContact(given, nowMs);
        if (after === standing) outcomes.set(id, 'updated');
        else writes.push({ upsert, after });
      }
    }
    const events = writes.map(async ({ upsert: { standing }, after }) =>
      standing
        ? contactEvent('contact.updated', after, await segmentIdsOf(table, after.id), nowMs)
        : contactEvent('contact.created', after, segmentIds, nowMs),
    );
    await publish(await Promise.all(events));
    const refused: Upsert[] = [];
    await Promise.all(
      writes.map(async ({ upsert, after }) => {
        const { id, standing } = upsert;
        const { applied, document } = standing
          ? await writeChange(table, standing, after)
          : await table.insert<Contact>(contactDocument(after));
        if (applied) outcomes.set(id, standing ? 'updated' : 'created');
        // Another request was faster: created, changed or deleted it.
        else refused.push({ ...upsert, standing: document });
      }),
    );
    pending = refused;
  }
  return outcomes;
}

/** Writes a change of a contact if nobody has changed it meanwhile: the maps in it are written as a whole. */
function writeChange(table: Table, before: Contact, after: Contact): Promise<WriteOutcome<Contact>> {
  const { id, email: _email, createdAtMs: _createdAtMs, ...set } = after;
  const remove = (['firstName', 'lastName'] as const).filter((name) => after[name] === undefined);
  return table.update<Contact>(contactKey(id), { set, remove }, [{ revision: before.revision }]);
}

/** Changes a contact that was read, and publishes `contact.updated`; answers it as it is then. 404 if it was deleted meanwhile. */
export function changeContact(
  dependencies: ContactDependencies,
  contact: Contact,
  change: ContactChange,
): Promise<Contact> {
  const { table, publish } = dependencies;
  return rewriteContact(dependencies, contact, change, async (after, nowMs) =>
    publish([contactEvent('contact.updated', after, await segmentIdsOf(table, contact.id), nowMs)]),
  );
}

/**
 * Changes a contact that was read, with another try after each concurrent change; `announce` is called before each write. Answers the
 * contact as it is then. 404 if it was deleted meanwhile, 409 if others change it all the time.
 */
export async function rewriteContact(
  { table, now }: Pick<ContactDependencies, 'table' | 'now'>,
  contact: Contact,
  change: ContactChange,
  announce: (after: Contact, nowMs: number) => Promise<unknown>,
): Promise<Contact> {
  let standing: Contact | undefined = contact;
  for (let tries = 0; standing && tries < TRIES; tries++) {
    const nowMs = now();
    const after = changed(standing, change, nowMs);
    if (after === standing) return standing;
    await announce(after, nowMs);
    const outcome = await writeChange(table, standing, after);
    if (outcome.applied) return outcome.document ?? after;
    standing = outcome.document;
  }
  if (!standing) throw notFound('Contact');
  throw concurrent();
}

const concurrent = () => new SendoffError('validation_error', 409, 'The contact is being changed by other requests');
