import { eventIdOf } from '../event.ts';
import type { Table } from '../ports/table.ts';
import { findSuppressed } from '../suppression/suppression.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { normalizeAddress, parseMailbox } from './address.ts';
import type { EmailRecord } from './record.ts';
import { noteSuppressed } from './transitions.ts';

/** The address of a mailbox on a record. */
export const addressOf = (text: string) => parseMailbox(text, 'address').address;

/** The recipients of the envelope. Publishes and records those that are suppressed; if all are, the email has ended. */
export async function allowedRecipients(
  record: EmailRecord,
  atMs: number,
  { table, publish }: { readonly table: Table; readonly publish: Publish },
): Promise<string[]> {
  const all = [...record.to, ...(record.cc ?? []), ...(record.bcc ?? [])].map(addressOf);
  const unique = [...new Map(all.map((address) => [normalizeAddress(address), address])).values()];
  const suppressed = await findSuppressed(table, record.from, unique);
  if (suppressed.size === 0) return unique;
  const recipients = unique.filter((address) => suppressed.has(address)).map(normalizeAddress);
  const message = 'The address is on the suppression list';
  await publish(
    recipients.map((recipient) => ({
      type: 'email.suppressed',
      eventId: eventIdOf('email.suppressed', record.id, recipient),
      atMs,
      emailId: record.id,
      recipient,
      details: { suppressed: { message, type: 'SuppressionList' } },
    })),
  );
  const recorded = new Set(
    record.timeline.filter(({ event }) => event === 'suppressed').map(({ recipient }) => recipient),
  );
  const added = recipients.filter((recipient) => !recorded.has(recipient));
  const allowed = unique.filter((address) => !suppressed.has(address));
  const ends = allowed.length === 0;
  if (added.length > 0 || ends) await noteSuppressed(table, record, { recipients: added, ends, atMs, detail: message });
  return allowed;
}
