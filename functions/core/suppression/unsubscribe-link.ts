import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { normalizeAddress } from '../email/address.ts';
import { hasListUnsubscribe, publicHeaders, wantsUnsubscribe } from '../email/own-headers.ts';
import type { EmailRecord } from '../email/record.ts';
import { isId } from '../ids.ts';
import { once } from '../once.ts';
import type { Table } from '../ports/table.ts';

const KEY = 'unsubscribe#key';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Longer than any valid token, which holds two addresses of at most 254 characters. */
const MAX_TOKEN_LENGTH = 1_000;

/** A recipient who does not want mail from a sender any more. */
export type Unsubscription = {
  readonly email: string;
  readonly sender: string;
  readonly emailId: string;
  /** The broadcast that the email is of, and what an unsubscription from it changes. */
  readonly broadcast?: {
    readonly id: string;
    /** Absent for a recipient of a list of its own. */
    readonly contactId?: string;
    readonly topicId?: string;
  };
  /** The topic of an email that is not of a broadcast. */
  readonly topicId?: string;
};

/** The ways for the recipient of one email to unsubscribe. */
export interface UnsubscribeLink {
  /** The value of `{{{RESEND_UNSUBSCRIBE_URL}}}`. */
  readonly url: string;
  /** `List-Unsubscribe` and `List-Unsubscribe-Post` (RFC 8058). */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes a function that answers the unsubscribe link of a broadcast's recipient, `sender` being the broadcast's `from`. It reads the
 * table once.
 *
 * @example
 * const broadcastUnsubscribe = createBroadcastUnsubscribe(table, 'https://mail.example.com');
 * const { url, headers } = await broadcastUnsubscribe({ email, sender: broadcast.from, emailId, broadcast: { id, contactId, topicId } });
 */
export function createBroadcastUnsubscribe(
  table: Table,
  baseUrl: string,
): (recipient: Unsubscription) => Promise<UnsubscribeLink> {
  const unsubscribeKey = createUnsubscribeKey(table);
  return async (recipient) => linkTo(baseUrl, sealToken(await unsubscribeKey(), recipient));
}

function linkTo(baseUrl: string, token: string): UnsubscribeLink {
  const url = `${baseUrl}/unsubscribe/${token}`;
  // RFC 8058 section 3.1 wants both, and an https URI.
  return { url, headers: { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } };
}

/**
 * Makes a function that answers the custom headers of an outgoing email, with the unsubscribe link if it was asked for: by a header, or
 * by a topic, which asks for it where a link is possible (for one recipient) and the caller has none.
 */
export function createOutgoingHeaders(table: Table, baseUrl: string) {
  const unsubscribeKey = createUnsubscribeKey(table);
  return async (record: EmailRecord, headers: Readonly<Record<string, string>>): Promise<Record<string, string>> => {
    const recipients = recipientsOf(record);
    if (!hasLink(record, headers)) return publicHeaders(headers);
    const { id: emailId, from: sender, topicId } = record;
    const about = { email: recipients[0] ?? '', sender, emailId, ...(topicId === undefined ? {} : { topicId }) };
    const token = sealToken(await unsubscribeKey(), about);
    return { ...publicHeaders(headers), ...linkTo(baseUrl, token).headers };
  };
}

/**
 * The same headers for somebody who only looks at the email: the unsubscribe link has `TOKEN` in place of the token, with which they
 * could unsubscribe the recipient.
 */
export function shownHeaders(
  record: EmailRecord,
  headers: Readonly<Record<string, string>>,
  baseUrl: string,
): Record<string, string> {
  return { ...publicHeaders(headers), ...(hasLink(record, headers) ? linkTo(baseUrl, 'TOKEN').headers : {}) };
}

const recipientsOf = ({ to, cc = [], bcc = [] }: EmailRecord): string[] => [...to, ...cc, ...bcc];

/** True if the email has an unsubscribe link: by a header, or by a topic. */
function hasLink(record: EmailRecord, headers: Readonly<Record<string, string>>): boolean {
  const byTopic = record.topicId !== undefined && recipientsOf(record).length === 1 && !hasListUnsubscribe(headers);
  return byTopic || wantsUnsubscribe(headers);
}

/** Makes a function that reads the key of unsubscribe links once, and creates it if there is none. */
export function createUnsubscribeKey(table: Table): () => Promise<Buffer> {
  return once(async () => {
    const known = await table.get<{ secret: string }>(KEY);
    if (known) return Buffer.from(known.secret, 'base64');
    const secret = randomBytes(32).toString('base64');
    const { applied, document } = await table.insert<{ secret: string }>({ key: KEY, fields: { secret } });
    return Buffer.from(applied ? secret : (document?.secret ?? ''), 'base64');
  });
}

/**
 * Encrypts an unsubscription into a token, because URLs end up in logs and addresses must not. The token holds everything,
 * so that a link works after the record has expired. The same email always has the same token.
 */
export function sealToken(key: Buffer, { email, sender, emailId, broadcast, topicId }: Unsubscription): string {
  const addresses = [normalizeAddress(email), normalizeAddress(sender)];
  const ids = broadcast
    ? [emailId, broadcast.id, broadcast.contactId ?? '', broadcast.topicId ?? ''].map(shortened)
    : topicId === undefined
      ? [emailId]
      : [emailId, '', '', topicId].map(shortened);
  const plain = JSON.stringify([...addresses, ...ids]);
  // As in AES-GCM-SIV, the nonce is derived from the content, so that none is used for two contents.
  const nonce = createHmac('sha256', key).update(`nonce:${plain}`).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Decrypts a token; undefined for a foreign or changed one. */
export function openToken(key: Buffer, token: string): Unsubscription | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return read(JSON.parse(plain.toString()) as readonly string[]);
  } catch {
    // The authentication failed: the token was not made with this key.
    return undefined;
  }
}

function read([email = '', sender = '', ...ids]: readonly string[]): Unsubscription {
  const [emailId = '', broadcastId, contactId, topicId] = ids.map(restored);
  if (broadcastId === undefined) return { email, sender, emailId };
  if (broadcastId === '') return { email, sender, emailId, ...(topicId ? { topicId } : {}) };
  const contact = { ...(contactId ? { contactId } : {}), ...(topicId ? { topicId } : {}) };
  return { email, sender, emailId, broadcast: { id: broadcastId, ...contact } };
}

/** A UUID in 23 characters: with the longest addresses, the header still fits into a line of a message (998, RFC 5322 2.1.1). */
const shortened = (id: string): string =>
  isId(id) ? `~${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}` : id;

function restored(id: string): string {
  if (!/^~[\w-]{22}$/.test(id)) return id;
  return Buffer.from(id.slice(1), 'base64url')
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
