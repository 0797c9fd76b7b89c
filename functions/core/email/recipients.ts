import { eventIdOf } from '../event.ts';
import type { Table } from '../ports/table.ts';
import { findSuppressed } from '../suppression/suppression.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { normalizeAddress, parseMailbox } from './address.ts';
import type { EmailRecord } from './record.ts';
import { noteSuppressed } from './transitions.ts';

/** The bare address of a mailbox as a record holds it. */
export const addressOf = (text: string) => parseMailbox(text, 'address').address;

/** The envelope: everyone but the suppressed, of whom it is told and noted. Nobody: the email has ended. */
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
  const noted = new Set(
    record.timeline.filter(({ event }) => event === 'suppressed').map(({ recipient }) => recipient),
  );
  const added = recipients.filter((recipient) => !noted.has(recipient));
  const allowed = unique.filter((address) => !suppressed.has(address));
  const ends = allowed.length === 0;
  if (added.length > 0 || ends) await noteSuppressed(table, record, { recipients: added, ends, atMs, detail: message });
  return allowed;
}

/** Tells that an email ended here; the same telling for the same end, however often it is called. */
export async function publishFailed({ id, attempts, timeline }: EmailRecord, publish: Publish): Promise<void> {
  const end = timeline.findLast(({ event }) => event === 'failed');
  if (!end) return;
  const eventId = eventIdOf('email.failed', id, String(end.atMs), String(attempts));
  const details = { failed: { reason: end.detail ?? '' } };
  await publish([{ type: 'email.failed', eventId, atMs: end.atMs, emailId: id, details }]);
}
