import { getContacts } from '../../core/audience/contacts.ts';
import { memberPage } from '../../core/audience/membership.ts';
import type { PageRequest } from '../../core/document/list.ts';
import type { Table } from '../../core/ports/table.ts';
import { contactRow } from '../contacts/view.ts';

/** A page of a segment's contacts, the last added first. */
export async function segmentMembers(table: Table, segmentId: string, page: PageRequest) {
  const { items, hasMore } = await memberPage(table, segmentId, page);
  const contacts = (await getContacts(table, items)).filter((contact) => contact !== undefined);
  return { object: 'list', has_more: hasMore, data: contacts.map(contactRow) };
}
