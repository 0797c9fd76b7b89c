import { BODY_PREFIX, type DocumentScan, EMAIL_PREFIX, type StoredDocument } from '../document/scan.ts';
import { type EmailStatus, emailStatuses, endedStatuses } from '../email/status.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Document, Table } from '../ports/table.ts';
import { suppressionKey } from '../suppression/suppression.ts';
import { deliveryPartition } from '../webhook/delivery.ts';
import { type AudienceFinding, CHUNK_PREFIX, examineAudience } from './audience.ts';
import { isMailboxOf, mentions, textsOf } from './mention.ts';

/** The fields of an email that hold addresses. */
export const roles = ['from', 'to', 'cc', 'bcc', 'replyTo'] as const;
export type Role = (typeof roles)[number];

/** The person whose data is searched for. */
export interface Wanted {
  /** In its normal form (`normalizeAddress`). */
  readonly address: string;
  /** True if emails that the address sent count, too. */
  readonly sender: boolean;
}

/** An email that names the address. */
export interface Mention {
  readonly id: string;
  readonly document: Pick<StoredDocument, 'key' | 'expired'>;
  /** Absent when no worker touches the email: it has expired, or its status is unknown. */
  readonly status: EmailStatus | undefined;
  /** The fields with the address; none: it is elsewhere on the record, for example in the timeline. */
  readonly roles: readonly Role[];
  /** The number of recipients; 0 when the record does not say it. */
  readonly recipientCount: number;
}

/**
 * The relation of a document to the person: a webhook's delivery, a suppression, a contact or a membership, which are deleted; a list
 * from which one recipient is removed; an import that runs; another document that names the address; or one that cannot be read although
 * it should be. Absent: none.
 */
export type Finding = 'delivery' | 'suppression' | AudienceFinding | 'elsewhere' | 'unreadable' | undefined;

/** Content of callers: it may mention anybody, which does not make the email theirs. */
const CONTENT = ['subject', 'tags', 'headers'];
/** Fields that hold a sender. */
const SENDERS = ['from', 'senders'];
/** Fields of a payload (webhook/payload.ts) that hold recipients. */
const RECIPIENTS = ['to', 'recipient', 'email'];

/** Examines the record of an email; `unreadable` when it names neither the address nor any recipient. */
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

/** Examines a document that is neither a record nor a body; `emailIds` are the emails that name the address. */
export function examineOther(stored: StoredDocument, wanted: Wanted, emailIds: ReadonlySet<string>): Finding {
  const { key, fields } = stored;
  if (key.startsWith(deliveryPartition(''))) return examineDelivery(stored, wanted, emailIds);
  if (key.startsWith(suppressionKey(''))) {
    if (holdsMailbox(fields?.email, wanted.address)) return 'suppression';
    if (typeof fields?.email === 'string') return undefined;
    return namesElsewhere(stored, SENDERS, wanted) ? 'suppression' : 'unreadable';
  }
  const inAudience = fields && examineAudience(stored, wanted.address);
  if (inAudience) return inAudience;
  if (mentions(key, wanted.address) || namesElsewhere(stored, contentOf(key), wanted)) return 'elsewhere';
  return fields ? undefined : 'unreadable';
}

/** The fields of a document that hold content of callers: the recipients of a broadcast's list have variables. */
const contentOf = (key: string): readonly string[] => (key.startsWith(CHUNK_PREFIX) ? ['recipients'] : []);

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

/** The `data` of a payload; undefined if it is no payload. */
function dataOf(payload: unknown): Record<string, unknown> | undefined {
  try {
    const { data } = JSON.parse(String(payload)) ?? {};
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    // No JSON: it is searched as text.
    return undefined;
  }
}

/** A field may hold one mailbox, several, or anything that no version wrote. */
const holdsMailbox = (value: unknown, address: string): boolean =>
  textsOf(value).some((text) => isMailboxOf(text, address));

const holdsText = (fields: Document | Record<string, unknown>, except: readonly string[], address: string): boolean =>
  textsOf(Object.entries(fields).filter(([name]) => !except.includes(name))).some((text) => mentions(text, address));

/** True if the document names the address outside these fields; without fields, anywhere in its text. */
const namesElsewhere = ({ fields, text = '' }: StoredDocument, except: readonly string[], { address }: Wanted) =>
  fields ? holdsText(fields, except, address) : mentions(text, address);

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');

/** The keys of the bodies of these emails, including those of refused requests with the same idempotency key. */
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
 * Deletes an email that is not to be sent any more. Its bodies go first: after a crash in between, the record still leads to
 * them. Answers false when the email was queued again meanwhile; its record then stays, its bodies may be deleted.
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
