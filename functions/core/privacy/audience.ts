import { contactId, contactKey } from '../audience/contact.ts';
import { type MemberWrites, removeMember } from '../audience/membership.ts';
import type { DocumentScan, StoredDocument } from '../document/scan.ts';
import type { Document, FieldValue, Table } from '../ports/table.ts';
import { isMailboxOf, textsOf } from './mention.ts';

/** The documents of the audience that concern a person; `importing`: an import that runs, whose file may name the person. */
export type AudienceFinding = 'contact' | 'membership' | 'recipient' | 'importing';

export const CHUNK_PREFIX = 'broadcast-chunk#';
const MEMBER_PREFIX = 'member#';
const IMPORT_PREFIX = 'contact-import#';
/**
 * Stands in a broadcast's list for a recipient who was removed: the places of the others stay. A broadcast takes a text for the id of a
 * contact, and this contact does not exist.
 */
const REMOVED = 'removed';

/** Answers how a document of the audience concerns the person with this address; undefined: it does not, or it is another document. */
export function examineAudience(
  { key, fields = {}, expired }: StoredDocument,
  address: string,
): AudienceFinding | undefined {
  const id = contactId(address);
  if (key === contactKey(id)) return 'contact';
  if (key.startsWith(MEMBER_PREFIX)) return key.endsWith(`#${id}`) ? 'membership' : undefined;
  if (key.startsWith(CHUNK_PREFIX))
    return recipientsOf(fields).some((recipient) => isRecipient(recipient, address)) ? 'recipient' : undefined;
  const runs = fields.status === 'queued' || fields.status === 'in_progress';
  return key.startsWith(IMPORT_PREFIX) && runs && !expired ? 'importing' : undefined;
}

const recipientsOf = ({ recipients }: Document): readonly FieldValue[] => (Array.isArray(recipients) ? recipients : []);

/** Only the address counts: a list's variables are content, which may mention anybody. */
function isRecipient(recipient: FieldValue, address: string): boolean {
  if (typeof recipient !== 'object' || recipient === null || !('email' in recipient)) return false;
  return textsOf(recipient.email).some((text) => isMailboxOf(text, address));
}

/** Deletes a contact that was found, or a membership with its place in the count. */
export async function deleteAudience(
  dependencies: MemberWrites & { readonly scan: DocumentScan },
  stored: Pick<StoredDocument, 'key' | 'expired'>,
): Promise<void> {
  const [, segmentId, id] = stored.key.startsWith(MEMBER_PREFIX) ? stored.key.split('#') : [];
  if (segmentId !== undefined && id !== undefined) await removeMember(dependencies, segmentId, id);
  else await dependencies.scan.delete(stored);
}

/** Removes the person from a part of a broadcast's list. A worker that has read it already may still send the email. */
export async function removeRecipient(
  { table, scan }: { table: Table; scan: DocumentScan },
  stored: Pick<StoredDocument, 'key' | 'expired'>,
  address: string,
): Promise<void> {
  if (stored.expired) return scan.delete(stored);
  const fields = await table.get(stored.key);
  if (!fields) return;
  const recipients = recipientsOf(fields).map((recipient) => (isRecipient(recipient, address) ? REMOVED : recipient));
  await table.update(stored.key, { set: { recipients } });
}
