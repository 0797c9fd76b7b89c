import { BODY_PREFIX, type DocumentScan, EMAIL_PREFIX, type StoredDocument } from '../document/scan.ts';
import { type EmailStatus, emailStatuses, endedStatuses } from '../email/status.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Document, Table } from '../ports/table.ts';
import { suppressionKey } from '../suppression/suppression.ts';
import { deliveryPartition } from '../webhook/delivery.ts';
import { isMailboxOf, mentions, textsOf } from './mention.ts';

/** Where an address can stand on an email. */
export const roles = ['from', 'to', 'cc', 'bcc', 'replyTo'] as const;
export type Role = (typeof roles)[number];

/** Whose data is looked for. */
export interface Wanted {
  /** In its normal form (`normalizeAddress`). */
  readonly address: string;
  /** What the address sent counts, too. */
  readonly sender: boolean;
}

/** An email that names the address looked for. */
export interface Mention {
  readonly id: string;
  readonly document: Pick<StoredDocument, 'key' | 'expired'>;
  /** Absent when no worker of this version touches it: its time is over, or the record says none that is known. */
  readonly status: EmailStatus | undefined;
  /** Where the address stands; none: elsewhere on the record, in its timeline for example. */
  readonly roles: readonly Role[];
  /** How many the email went to; 0 when the record does not say it. */
  readonly recipientCount: number;
}

/**
 * What a document is to the person: a webhook's delivery or a suppression to delete, something else that names the address, or
 * a document in which nothing was found that should be readable and is not. Absent: none of these.
 */
export type Finding = 'delivery' | 'suppression' | 'elsewhere' | 'unreadable' | undefined;

/** What callers write: it may mention anybody, which does not make the email theirs. */
const CONTENT = ['subject', 'tags', 'headers'];
/** Fields that hold a sender. */
const SENDERS = ['from', 'senders'];
/** Fields of a payload (webhook-payload.ts) that hold whom it is about. */
const RECIPIENTS = ['to', 'recipient', 'email'];

/** Whether an email's record names the address; `unreadable` when it does not, and does not say whom it went to either. */
export function examineEmail(stored: StoredDocument, wanted: Wanted): Mention | 'unreadable' | undefined {
  const { key, expired, fields } = stored;
  const wantedRoles = roles.filter((role) => role !== 'from' || wanted.sender);
  const found = fields ? wantedRoles.filter((role) => holdsMailbox(fields[role], wanted.address)) : [];
  if (found.length === 0 && !namesElsewhere(stored, [...roles, ...CONTENT], wanted))
    return isListOfTexts(fields?.to) ? undefined : 'unreadable';
  const status = expired ? undefined : emailStatuses.find((known) => known === fields?.status);
  const recipientCount = [fields?.to, fields?.cc, fields?.bcc].flat().filter(Boolean).length;
  return { id: key.slice(EMAIL_PREFIX.length), document: { key, expired }, status, roles: found, recipientCount };
}

/** What a document that is neither an email's record nor a body is to the person; `emailIds` are those that name them. */
export function examineOther(stored: StoredDocument, wanted: Wanted, emailIds: ReadonlySet<string>): Finding {
  const { key, fields } = stored;
  if (key.startsWith(deliveryPartition(''))) return examineDelivery(stored, wanted, emailIds);
  if (key.startsWith(suppressionKey(''))) {
    if (holdsMailbox(fields?.email, wanted.address)) return 'suppression';
    if (typeof fields?.email === 'string') return undefined;
    return namesElsewhere(stored, SENDERS, wanted) ? 'suppression' : 'unreadable';
  }
  if (mentions(key, wanted.address) || namesElsewhere(stored, [], wanted)) return 'elsewhere';
  return fields ? undefined : 'unreadable';
}

function examineDelivery(stored: StoredDocument, wanted: Wanted, emailIds: ReadonlySet<string>): Finding {
  const data = dataOf(stored.fields?.payload);
  const ignored = wanted.sender ? CONTENT : [...CONTENT, ...SENDERS];
  const named = data
    ? (typeof data.email_id === 'string' && emailIds.has(data.email_id)) ||
      RECIPIENTS.some((name) => holdsMailbox(data[name], wanted.address)) ||
      holdsText(data, [...RECIPIENTS, ...ignored], wanted.address)
    : false;
  if (named || namesElsewhere(stored, data ? ['payload'] : [], wanted)) return 'delivery';
  return data ? undefined : 'unreadable';
}

/** The `data` of a payload; undefined for what is no payload. */
function dataOf(payload: unknown): Record<string, unknown> | undefined {
  try {
    const { data } = JSON.parse(String(payload)) ?? {};
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    // Whatever it is, it is searched as text.
    return undefined;
  }
}

/** A field may hold one mailbox, several, or what no version of ours wrote. */
const holdsMailbox = (value: unknown, address: string): boolean =>
  textsOf(value).some((text) => isMailboxOf(text, address));

const holdsText = (fields: Document | Record<string, unknown>, except: readonly string[], address: string): boolean =>
  textsOf(Object.entries(fields).filter(([name]) => !except.includes(name))).some((text) => mentions(text, address));

/** Whether anything but these fields names the address; where there are no fields, the whole text. */
const namesElsewhere = ({ fields, text = '' }: StoredDocument, except: readonly string[], { address }: Wanted) =>
  fields ? holdsText(fields, except, address) : mentions(text, address);

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');

/** The keys of the bodies of these emails, by email: also one that a refused request under its idempotency key left. */
export async function findBodies(scan: DocumentScan, emailIds: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const page of scan.pages('bodies')) {
    for (const { key } of page) {
      const [id = ''] = key.slice(BODY_PREFIX.length).split('#');
      if (emailIds.has(id)) found.set(id, [...(found.get(id) ?? []), key]);
    }
  }
  return found;
}

/**
 * Deletes an email that is not to be sent any more, its bodies first: cut off in between, the record still leads to them
 * the next time. Answers false, with nothing deleted but perhaps the bodies, when it was put back on the queue meanwhile.
 */
export async function deleteEmail(
  { table, bodies, scan }: { table: Table; bodies: BodyStore; scan: DocumentScan },
  { document, status }: Mention,
  bodyKeys: readonly string[],
): Promise<boolean> {
  await Promise.all(bodyKeys.map((key) => bodies.delete(key)));
  if (status === undefined) await scan.delete(document);
  else if (!(await table.delete(document.key, [{ status: { in: endedStatuses } }])))
    return (await table.get(document.key)) === undefined;
  return true;
}
