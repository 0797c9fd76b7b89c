import { contactId, type NewContact } from '../../core/audience/contact.ts';
import { type ContactDependencies, findContact, upsertContacts } from '../../core/audience/contacts.ts';
import { addMembers } from '../../core/audience/membership.ts';
import { checkProperties, listProperties } from '../../core/audience/properties.ts';
import type { PropertyChanges, PropertyValues } from '../../core/audience/property.ts';
import { getSegments } from '../../core/audience/segments.ts';
import { checkTopics } from '../../core/audience/topics.ts';
import { parseMailbox } from '../../core/email/address.ts';
import { invalid } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Table } from '../../core/ports/table.ts';
import type { ContactFields, ContactInput } from './schema.ts';

/** Creates a contact, or changes the one with its address; answers its id. The request may be repeated after an error. */
export async function createContact(dependencies: ContactDependencies, input: ContactInput): Promise<string> {
  const { table, now } = dependencies;
  const email = parseMailbox(input.email, 'email').address;
  const { segments, audience_id, topics, properties } = input;
  const named = [...(segments ?? []).map((one) => (typeof one === 'string' ? one : one.id))];
  const [segmentIds, chosen, existing] = await Promise.all([
    checkSegments(table, [...named, ...(audience_id ? [audience_id] : [])]),
    topics ? checkTopics(table, topics) : undefined,
    properties ? findContact(table, email) : undefined,
    properties ? checkValues(table, properties) : undefined,
  ]);
  // Together with those that it has they must not be too many.
  if (properties && existing) await checkValues(table, properties, existing.properties);
  const contact: NewContact = { email, ...fieldsOf(input), ...(chosen ? { topics: chosen } : {}) };
  await upsertContacts(dependencies, [contact], { segmentIds });
  const id = contactId(email);
  await Promise.all(segmentIds.map((segmentId) => addMembers(table, segmentId, [id], now())));
  return id;
}

/** The fields that a request may create and change. A null for `unsubscribed` or for all properties says nothing. */
export const fieldsOf = ({ first_name, last_name, unsubscribed, properties }: ContactFields) => ({
  firstName: first_name,
  lastName: last_name,
  unsubscribed: unsubscribed ?? undefined,
  properties: properties ?? undefined,
});

/** Checks properties against their types; 422 that names the wrong one. */
export async function checkValues(table: Table, values: PropertyChanges, before?: PropertyValues): Promise<void> {
  checkProperties(values, await listProperties(table), before);
}

async function checkSegments(table: Table, ids: readonly string[]): Promise<string[]> {
  const unique = [...new Set(ids)];
  const found = await getSegments(
    table,
    unique.map((id) => (isId(id) ? id : '')),
  );
  const missing = found.findIndex((segment) => segment === undefined);
  if (missing >= 0)
    throw invalid(
      `Invalid \`segments.${ids.indexOf(unique[missing] ?? '')}.id\` field: there is no segment with this id.`,
      'validation_error',
    );
  return unique;
}
