import { parseMailbox } from './address.ts';
import type { BodyStore, Table } from './ports.ts';
import { bodyKey, EMAIL_PARTITION, type EmailRecord, recordKey } from './record.ts';
import type { EmailStatus } from './status.ts';

/** Where an address can stand on an email. */
export const roles = ['from', 'to', 'cc', 'bcc', 'replyTo'] as const;
export type Role = (typeof roles)[number];

/** An email that names the address looked for. */
export interface Mention {
  readonly record: EmailRecord;
  readonly roles: readonly Role[];
}

/** Emails read at a time. */
const PAGE = 500;
/** What is still to be sent needs its record and its body. */
const unsent: readonly EmailStatus[] = ['scheduled', 'queued', 'sending'];
const ended: readonly EmailStatus[] = [
  'sent',
  'delivery_delayed',
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'failed',
  'canceled',
  'suppressed',
];

/** True while the email waits to be sent: deleting it would stop it unsaid, for its other recipients too. */
export const isUnsent = ({ status }: EmailRecord): boolean => unsent.includes(status);

/**
 * Reads every email there is, oldest first, and answers page by page those that name the address. No index is by
 * address: an index would keep what is to be forgotten in one more place, and each email would pay for it.
 */
export async function* findMentions(
  table: Table,
  address: string,
  wanted: readonly Role[],
): AsyncGenerator<{ examined: number; mentions: Mention[] }> {
  for (let after: string | undefined; ; ) {
    const entries = await table.query({
      index: 'list',
      partition: EMAIL_PARTITION,
      order: 'ascending',
      limit: PAGE,
      ...(after ? { after } : {}),
    });
    const records = await table.getMany<EmailRecord>(entries.map(({ key }) => key));
    const mentions = records.flatMap((record) => {
      const found = record ? wanted.filter((role) => names(record, role, address)) : [];
      return record && found.length > 0 ? [{ record, roles: found }] : [];
    });
    yield { examined: entries.length, mentions };
    after = entries.at(-1)?.sort;
    if (entries.length < PAGE) return;
  }
}

/** Mail systems keep two addresses apart by the case of what stands before the @ in theory alone. */
function names(record: EmailRecord, role: Role, address: string): boolean {
  const wanted = address.toLowerCase();
  const there = [record[role] ?? []].flat();
  return there.some((mailbox) => {
    const text = mailbox.toLowerCase();
    return text.includes(wanted) && parseMailbox(text, role).address === wanted;
  });
}

/**
 * Deletes an email that has ended, its body first: cut off in between, the record still leads to it the next time.
 * Answers false, with nothing deleted but perhaps the body, when it was put back on the queue meanwhile.
 */
export async function deleteEmail(
  { table, bodies }: { table: Table; bodies: BodyStore },
  { id, fingerprint }: EmailRecord,
): Promise<boolean> {
  await bodies.delete(bodyKey(id, fingerprint));
  return table.delete(recordKey(id), [{ status: { in: [...ended] } }]);
}
