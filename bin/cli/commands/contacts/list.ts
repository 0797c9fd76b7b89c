import { CONTACT_PARTITION, type Contact } from '../../../../functions/core/audience/contact.ts';
import { getContacts } from '../../../../functions/core/audience/contacts.ts';
import { memberPages, membersPartition } from '../../../../functions/core/audience/membership.ts';
import { documentPages } from '../../../../functions/core/document/pages.ts';
import { idIn } from '../../../../functions/core/document/time-sort.ts';
import { iso } from '../../../../functions/core/iso-time.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { answer, type Context } from '../../context.ts';
import { columns, printable, timeOf } from '../../layout.ts';
import { segmentIdOf, segmentsOf } from '../../segment.ts';

/** Contacts that are read at once. */
const PAGE = 500;

/** All contacts, or those of a segment, oldest first. */
export async function* contactPages(table: Table, segmentId?: string): AsyncGenerator<readonly Contact[], void> {
  if (segmentId === undefined)
    yield* documentPages<Contact>(table, {
      index: 'list',
      partition: CONTACT_PARTITION,
      limit: PAGE,
      order: 'ascending',
    });
  else for await (const ids of memberPages(table, segmentId, PAGE)) yield existing(await getContacts(table, ids));
}

const existing = (contacts: readonly (Contact | undefined)[]): Contact[] =>
  contacts.filter((contact) => contact !== undefined);

/** `contacts list`: the newest contacts, or the newest of a segment. */
export async function listContacts(
  context: Context,
  { segment, max }: { readonly segment?: string; readonly max: number },
): Promise<void> {
  const { table } = await context.backend();
  const contacts = segment
    ? await newestMembers(table, await segmentIdOf(segmentsOf(table), segment), max)
    : await newestContacts(table, max);
  const view = contacts.map(({ id, email, firstName, lastName, unsubscribed, createdAtMs }) => ({
    id,
    email,
    first_name: firstName ?? null,
    last_name: lastName ?? null,
    unsubscribed,
    created_at: iso(createdAtMs),
  }));
  answer(context, view, () => {
    if (view.length === 0) return 'No contacts.';
    const rows = contacts.map(({ id, email, firstName = '', lastName = '', unsubscribed, createdAtMs }) => [
      id,
      printable(email),
      printable(`${firstName} ${lastName}`.trim()),
      unsubscribed ? 'unsubscribed' : '',
      timeOf(createdAtMs),
    ]);
    return columns(context.terminal, ['ID', 'EMAIL', 'NAME', '', 'CREATED'], rows);
  });
}

async function newestContacts(table: Table, max: number): Promise<Contact[]> {
  const contacts: Contact[] = [];
  const query = { index: 'list', partition: CONTACT_PARTITION, order: 'descending' } as const;
  for await (const page of documentPages<Contact>(table, { ...query, limit: Math.min(PAGE, max) })) {
    contacts.push(...page);
    if (contacts.length >= max) break;
  }
  return contacts.slice(0, max);
}

async function newestMembers(table: Table, segmentId: string, max: number): Promise<Contact[]> {
  const query = { index: 'list', partition: membersPartition(segmentId), order: 'descending', limit: max } as const;
  const entries = await table.query(query);
  const ids = entries.map(({ sort }) => idIn(sort));
  return existing(await getContacts(table, ids));
}
