import { idIn } from '../document/time-sort.ts';
import { notFound, SendoffError } from '../errors.ts';
import { sha256 } from '../ids.ts';
import { iso } from '../iso-time.ts';
import type { Entry, Table } from '../ports/table.ts';
import { slices } from '../slices.ts';
import { CONTACT_PARTITION, type Contact } from './contact.ts';
import { getContacts } from './contacts.ts';
import { csvLine } from './import/csv.ts';
import { membersPartition } from './membership.ts';
import { listProperties } from './properties.ts';

export const exportLimits = {
  /** The most contacts of a page. */
  contacts: 1_000,
  /** A page ends with the contact that makes it this long: an answer of Lambda has at most 6 MB. */
  characters: 1_500_000,
} as const;
/** Contacts with large properties have 64 KB each: not all of a page are read at once. */
const READ_AT_ONCE = 250;

/** A page of an export. */
export interface ExportPage {
  readonly csv: string;
  /** The place after its last contact, if there may be more. */
  readonly next?: string;
}

/** The columns of an export, with these properties. */
export const exportHeader = (keys: readonly string[]): string =>
  csvLine(['email', 'first_name', 'last_name', 'unsubscribed', ...keys, 'created_at']);

/** The row of a contact. */
export const exportRow = (contact: Contact, keys: readonly string[]): string =>
  csvLine([
    contact.email,
    contact.firstName,
    contact.lastName,
    contact.unsubscribed,
    ...keys.map((key) => (Object.hasOwn(contact.properties, key) ? contact.properties[key] : undefined)),
    iso(contact.createdAtMs),
  ]);

/** The keys of the properties that an export has columns of. */
export const exportKeys = async (table: Table): Promise<string[]> =>
  (await listProperties(table)).map(({ key }) => key).sort();

/**
 * A page of all contacts, or of a segment's, as CSV: oldest first, with a header before the first one. `after` is the `next` of the page
 * before: 404 if it is none, 409 if the columns have changed since.
 */
export async function exportPage(
  table: Table,
  { segmentId, after }: { readonly segmentId?: string | undefined; readonly after?: string | undefined },
): Promise<ExportPage> {
  const begun = after === undefined ? undefined : placeOf(after);
  const partition = segmentId === undefined ? CONTACT_PARTITION : membersPartition(segmentId);
  const query = { index: 'list', partition, order: 'ascending', limit: exportLimits.contacts } as const;
  const [keys, entries] = await Promise.all([exportKeys(table), table.query({ ...query, ...begun?.range })]);
  const columns = sha256(keys.join()).slice(0, 8);
  if (begun && begun.columns !== columns) throw changed();
  const nextAt = ({ sort }: Entry) => Buffer.from(`${columns} ${sort}`).toString('base64url');
  let csv = begun ? '' : exportHeader(keys);
  for (const some of slices(entries, READ_AT_ONCE)) {
    const contacts = await getContacts(
      table,
      some.map(({ sort }) => idIn(sort)),
    );
    for (const [index, entry] of some.entries()) {
      const contact = contacts[index];
      if (contact) csv += exportRow(contact, keys);
      if (csv.length >= exportLimits.characters) return { csv, next: nextAt(entry) };
    }
  }
  const last = entries.at(-1);
  return { csv, ...(last && entries.length === exportLimits.contacts ? { next: nextAt(last) } : {}) };
}

function placeOf(cursor: string): { readonly columns: string; readonly range: { readonly after: string } } {
  const [, columns, after] = /^(\w{8}) (\d{13}#[\w-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (columns === undefined || after === undefined) throw notFound('The place given as `after`');
  return { columns, range: { after } };
}

const changed = () =>
  new SendoffError('validation_error', 409, 'The contact properties have changed since the export began: begin again');
