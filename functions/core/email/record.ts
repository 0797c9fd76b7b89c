import { timeSort } from '../document/time-sort.ts';
import type { IndexEntry } from '../ports/table.ts';
import type { QueueName } from '../queues.ts';
import { formatMailbox } from './address.ts';
import { messageBytes, NOTED_BYTES } from './body.ts';
import type { Email } from './email.ts';
import type { EmailEvent, EmailStatus } from './status.ts';

/** One entry of an email's timeline. */
export type TimelineEntry = {
  readonly atMs: number;
  readonly event: EmailEvent;
  /** The reason, or the provider's answer; shown to the caller. */
  readonly detail?: string;
  /** Absent when the event concerns all recipients. */
  readonly recipient?: string;
  /** A bounce that is not permanent. */
  readonly soft?: boolean;
  /** An open or a click by a program. */
  readonly machine?: boolean;
  /** A bounce of which SES does not know whether it is permanent. Only in emails of broadcasts. */
  readonly undetermined?: boolean;
  /** The hash of a clicked link that is longer than `detail`. Only in emails of broadcasts. */
  readonly link?: string;
  /** The epoch of the broadcast's counters (broadcast/counting/recount.ts) in which the entry was counted; 0 if absent. */
  readonly epoch?: number;
};

/** How often and how long an email waited for another try: one field, as an outage may last for days. */
export type Deferral = {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
  /** The last reason. */
  readonly detail?: string;
};

/** The record of an email: small, updated often. Times are epoch ms. */
export type EmailRecord = {
  readonly id: string;
  readonly status: EmailStatus;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly subject: string;
  readonly tags?: readonly { readonly name: string; readonly value: string }[];
  readonly createdAtMs: number;
  readonly scheduledAtMs?: number;
  /** The hash of the request, by which a repeated request is recognised; part of the body's key. */
  readonly fingerprint: string;
  readonly queue: QueueName;
  /** The group of its jobs (`groupOf`); version 0.2 did not set it. */
  readonly group?: string;
  /** The highest attempt that has claimed it; a job with no higher attempt is outdated. */
  readonly attempts: number;
  /** The run that has claimed it, while it is `sending`; version 0.1 did not set it. */
  readonly claimedBy?: string;
  readonly leaseUntilMs?: number;
  /** SES's id of the message. */
  readonly messageId?: string;
  /** When SES took that message, by SES's clock: known from the first of its events that was written here. */
  readonly takenAtMs?: number;
  readonly timeline: readonly TimelineEntry[];
  /** Absent if it never waited. Up to version 0.2 each wait was an entry of the timeline. */
  readonly deferred?: Deferral;
  /** The bounce that made it `bounced` is not permanent. */
  readonly soft?: boolean;
  /** A random number of the last change by events of the provider; concurrent changes compare it. Once it was their number. */
  readonly feedback?: number;
  /** A message that the provider took and then refused; later events about it are ignored. */
  readonly rejectedMessageId?: string;
  /** The body has custom headers, which webhooks show. */
  readonly hasHeaders?: boolean;
  /** About the size of the message, if that is more than 32 KB. */
  readonly messageBytes?: number;
  /** The template that it was made from. */
  readonly templateId?: string;
  /** The topic of an email that is not of a broadcast: who does not subscribe to it when it is sent gets nothing. */
  readonly topicId?: string;
  /** The broadcast that it belongs to: it has no body of its own unless it is `queued`. */
  readonly broadcastId?: string;
  /** The recipient's contact; absent for a recipient of a list. */
  readonly contactId?: string;
  /** When the recipient unsubscribed with the link of this email of a broadcast. */
  readonly unsubscribedAtMs?: number;
  /** The epoch of the broadcast's counters (broadcast/counting/recount.ts) in which that was counted; 0 if absent. */
  readonly unsubscribedEpoch?: number;
};

/** Fields that a record has only while it is claimed. */
export const CLAIM_FIELDS = ['claimedBy', 'leaseUntilMs'] as const satisfies (keyof EmailRecord)[];

export const recordKey = (id: string): string => `email#${id}`;

/** The partition of email records in both indexes. */
export const EMAIL_PARTITION = 'email';

/** The entry of a record in the list of emails. */
export const listEntry = (record: { id: string; createdAtMs: number }): IndexEntry => ({
  partition: EMAIL_PARTITION,
  sort: timeSort(record.createdAtMs, record.id),
});

/** The entry that makes the schedule examine a record at this time. */
export const dueEntry = (atMs: number, id: string): IndexEntry => ({
  partition: EMAIL_PARTITION,
  sort: timeSort(atMs, id),
});

/** The first characters of a key's id. The whole would cost more to store, and two keys that begin alike only share a share. */
const GROUP_LENGTH = 8;

/** The group of an email's jobs: the emails of one API key do not make those of another wait. */
export const groupOf = (keyId: string): string => keyId.slice(0, GROUP_LENGTH);

/** The record of a new email. */
export function newRecord(
  email: Email,
  ids: { id: string; fingerprint: string; queue: QueueName; group?: string },
  nowMs: number,
): EmailRecord {
  const scheduled = email.scheduledAtMs !== undefined && email.scheduledAtMs > nowMs;
  const addresses = (field: 'cc' | 'bcc' | 'replyTo') =>
    email[field].length > 0 ? { [field]: email[field].map(formatMailbox) } : {};
  const bytes = messageBytes(email);
  return {
    ...ids,
    status: scheduled ? 'scheduled' : 'queued',
    from: formatMailbox(email.from),
    to: email.to.map(formatMailbox),
    ...addresses('cc'),
    ...addresses('bcc'),
    ...addresses('replyTo'),
    subject: email.subject,
    ...(email.tags.length > 0 ? { tags: email.tags } : {}),
    ...(Object.keys(email.headers).length > 0 ? { hasHeaders: true } : {}),
    ...(bytes > NOTED_BYTES ? { messageBytes: bytes } : {}),
    ...(email.template ? { templateId: email.template.id } : {}),
    ...(email.topicId === undefined ? {} : { topicId: email.topicId }),
    createdAtMs: nowMs,
    ...(scheduled ? { scheduledAtMs: email.scheduledAtMs } : {}),
    attempts: 0,
    timeline: [{ atMs: nowMs, event: scheduled ? 'scheduled' : 'queued' }],
  };
}
