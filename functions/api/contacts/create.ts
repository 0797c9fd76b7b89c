import { type Contact, type ContactChange, contactId } from '../../core/audience/contact.ts';
import { type ContactDependencies, findContact, upsertContacts } from '../../core/audience/contacts.ts';
import { addMembers, type MemberWrites } from '../../core/audience/membership.ts';
import { checkProperties, propertiesNamed } from '../../core/audience/properties.ts';
import type { PropertyChanges } from '../../core/audience/property.ts';
import { getSegments } from '../../core/audience/segments.ts';
import { checkTopics } from '../../core/audience/topics.ts';
import { parseMailbox } from '../../core/email/address.ts';
import { invalid } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Table } from '../../core/ports/table.ts';
import type { ContactFields, ContactInput } from './schema.ts';

/** Creates a contact, or changes the one with its address; answers its id. The request may be repeated after an error. */
export async function createContact(
  dependencies: ContactDependencies & MemberWrites,
  input: ContactInput,
): Promise<string> {
  const { table, now } = dependencies;
  const email = parseMailbox(input.email, 'email').address;
  const named = (input.segments ?? []).map((one) => (typeof one === 'string' ? one : one.id));
  const [segmentIds, topics, existing] = await Promise.all([
    checkSegments(table, [...named, ...(input.audience_id ? [input.audience_id] : [])]),
    input.topics ? checkTopics(table, input.topics) : undefined,
    input.properties ? findContact(table, email) : undefined,
  ]);
  const change = await changeOf(table, input, existing);
  await upsertContacts(dependencies, [{ email, ...change, topics }], { segmentIds });
  const id = contactId(email);
  await Promise.all(segmentIds.map((segmentId) => addMembers(dependencies, segmentId, [id], now())));
  return id;
}

/** The change that a request asks for; null for `unsubscribed` or all properties asks for none. 422 for a wrong property. */
export async function changeOf(
  table: Table,
  { first_name, last_name, unsubscribed, properties }: ContactFields,
  existing: Contact | undefined,
): Promise<ContactChange> {
  return {
    firstName: first_name,
    lastName: last_name,
    unsubscribed: unsubscribed ?? undefined,
    properties: properties
      ? checked(properties, await propertiesNamed(table, Object.keys(properties)), existing)
      : undefined,
  };
}

function checked(
  given: PropertyChanges,
  known: Parameters<typeof checkProperties>[1],
  existing: Contact | undefined,
): PropertyChanges {
  const after = checkProperties(given, known, existing?.properties);
  return Object.fromEntries(Object.keys(given).map((key) => [key, after[key] ?? null]));
}

async function checkSegments(table: Table, ids: readonly string[]): Promise<string[]> {
  const found = await getSegments(
    table,
    ids.map((id) => (isId(id) ? id : '')),
  );
  const missing = found.indexOf(undefined);
  if (missing >= 0)
    throw invalid(`Invalid \`segments.${missing}.id\` field: there is no segment with this id.`, 'validation_error');
  return [...new Set(ids)];
}
