import { normalizeAddress, parseMailbox } from './address.ts';
import type { BodyStore, Document, Table } from './ports.ts';
import { bodyKey, EMAIL_PARTITION, type EmailRecord, recordKey } from './record.ts';
import type { EmailStatus } from './status.ts';
import { deliveryKey, deliveryPartition, type WebhookDelivery } from './webhook-delivery.ts';
import { listWebhooks } from './webhook-list.ts';

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
  for await (const records of pagesOf<EmailRecord>(table, EMAIL_PARTITION)) {
    const mentions = records.flatMap((record) => {
      const found = wanted.filter((role) => names(record, role, address));
      return found.length > 0 ? [{ record, roles: found }] : [];
    });
    yield { examined: records.length, mentions };
  }
}

/** Reads what webhooks were told in the last 30 days, and answers the keys of what is about these emails or the address. */
export async function* findDeliveries(
  table: Table,
  address: string,
  emailIds: ReadonlySet<string>,
): AsyncGenerator<{ examined: number; keys: string[] }> {
  for (const { id } of await listWebhooks(table)) {
    for await (const deliveries of pagesOf<WebhookDelivery>(table, deliveryPartition(id))) {
      const about = deliveries.filter(({ payload }) => tells(payload, address, emailIds));
      yield { examined: deliveries.length, keys: about.map((delivery) => deliveryKey(id, delivery.id)) };
    }
  }
}

async function* pagesOf<T extends Document>(table: Table, partition: string): AsyncGenerator<T[]> {
  for (let after: string | undefined; ; ) {
    const entries = await table.query({
      index: 'list',
      partition,
      order: 'ascending',
      limit: PAGE,
      ...(after ? { after } : {}),
    });
    const documents = await table.getMany<T>(entries.map(({ key }) => key));
    yield documents.filter((document) => document !== undefined);
    after = entries.at(-1)?.sort;
    if (entries.length < PAGE) return;
  }
}

/** Whether a webhook's payload (webhook-payload.ts) is about one of these emails, or names the address. */
function tells(payload: string, address: string, emailIds: ReadonlySet<string>): boolean {
  const { data } = JSON.parse(payload) as { data: Record<string, unknown> };
  const wanted = address.toLowerCase();
  const named = [data.to, data.recipient, data.email].flat().filter((text) => typeof text === 'string');
  return emailIds.has(String(data.email_id)) || named.some((text) => normalizeAddress(text) === wanted);
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
