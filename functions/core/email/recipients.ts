import { eventIdOf } from '../event.ts';
import type { Table } from '../ports/table.ts';
import { findSuppressed } from '../suppression/suppression.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { normalizeAddress, parseMailbox } from './address.ts';
import type { EmailRecord } from './record.ts';
import { publishFailed } from './send/publish-failed.ts';
import { claimedBy, markFailed, noteSuppressed } from './transitions.ts';

/** The address of a mailbox on a record. */
export const addressOf = (text: string) => parseMailbox(text, 'address').address;

export interface RecipientDependencies {
  readonly table: Table;
  readonly publish: Publish;
  /** Those of the addresses that get no email of this topic. */
  readonly optedOut: (topicId: string, addresses: readonly string[]) => Promise<ReadonlySet<string>>;
}

const SUPPRESSED = { message: 'The address is on the suppression list', type: 'SuppressionList' } as const;
const OPTED_OUT = { message: 'The recipient does not subscribe to the topic', type: 'Topic' } as const;

/**
 * The recipients of the envelope. Publishes and records those that are left out. If nobody is left the email has ended: `suppressed`
 * if the suppression list was the reason, `failed` if it was the topic, as with Resend.
 */
export async function allowedRecipients(
  record: EmailRecord,
  atMs: number,
  dependencies: RecipientDependencies,
): Promise<string[]> {
  const { table, publish, optedOut } = dependencies;
  const all = [...record.to, ...(record.cc ?? []), ...(record.bcc ?? [])].map(addressOf);
  const unique = [...new Map(all.map((address) => [normalizeAddress(address), address])).values()];
  const suppressed = await findSuppressed(table, record.from, unique);
  const allowed = unique.filter((address) => !suppressed.has(address));
  await leaveOut(record, suppressed, { ...SUPPRESSED, ends: allowed.length === 0, atMs }, dependencies);
  if (record.topicId === undefined || allowed.length === 0) return allowed;

  const unwilling = await optedOut(record.topicId, allowed);
  const wanting = allowed.filter((address) => !unwilling.has(address));
  if (wanting.length > 0) {
    await leaveOut(record, unwilling, { ...OPTED_OUT, ends: false, atMs }, dependencies);
    return wanting;
  }
  const own = [claimedBy(record.claimedBy ?? '')];
  const { applied, document } = await markFailed(table, record, own, atMs, OPTED_OUT.message);
  if (applied && document) await publishFailed(document, publish);
  return [];
}

interface Reason {
  readonly message: string;
  readonly type: string;
  /** True if nobody is left. */
  readonly ends: boolean;
  readonly atMs: number;
}

async function leaveOut(
  record: EmailRecord,
  addresses: ReadonlySet<string>,
  { message, type, ends, atMs }: Reason,
  { table, publish }: RecipientDependencies,
): Promise<void> {
  if (addresses.size === 0) return;
  const recipients = [...addresses].map(normalizeAddress);
  await publish(
    recipients.map((recipient) => ({
      type: 'email.suppressed',
      eventId: eventIdOf('email.suppressed', record.id, recipient),
      atMs,
      emailId: record.id,
      recipient,
      details: { suppressed: { message, type } },
    })),
  );
  const recorded = new Set(
    record.timeline.filter(({ event }) => event === 'suppressed').map(({ recipient }) => recipient),
  );
  const added = recipients.filter((recipient) => !recorded.has(recipient));
  if (added.length > 0 || ends) await noteSuppressed(table, record, { recipients: added, ends, atMs, detail: message });
}
