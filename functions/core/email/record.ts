import { timeSort } from '../document/time-sort.ts';
import type { IndexEntry } from '../ports/table.ts';
import type { QueueName } from '../queues.ts';
import { formatMailbox } from './address.ts';
import type { Email } from './email.ts';
import type { EmailEvent, EmailStatus } from './status.ts';

/** One entry of an email's timeline. */
export type TimelineEntry = {
  readonly atMs: number;
  readonly event: EmailEvent;
  /** Why, or what the provider said; shown to the caller. */
  readonly detail?: string;
  /** Whom it happened to; absent when it concerns all recipients. */
  readonly recipient?: string;
  /** A bounce that is not for good. */
  readonly soft?: boolean;
  /** An open or a click by a program, not by a person. */
  readonly machine?: boolean;
};

/** An email's record: small, updated often. Times are epoch ms. */
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
  /** The payload's hash: tells a repeated request from another under the same idempotency key; part of the body's key. */
  readonly fingerprint: string;
  readonly queue: QueueName;
  /** The highest attempt that has claimed it; a job of no higher attempt is an old one. */
  readonly attempts: number;
  /** The run that has claimed it, while it is `sending`; absent on what version 0.1 claimed. */
  readonly claimedBy?: string;
  readonly leaseUntilMs?: number;
  /** SES's id of the message. */
  readonly messageId?: string;
  readonly timeline: readonly TimelineEntry[];
  /** The bounce that made it `bounced` is not for good. */
  readonly soft?: boolean;
  /** How often the provider's events changed this record: what concurrent changes compare. */
  readonly feedback?: number;
  /** A message the provider took and then refused; nothing more is believed about it. */
  readonly rejectedMessageId?: string;
  /** Its body has custom headers, which webhooks show. */
  readonly hasHeaders?: boolean;
};

/** The fields that a record has only while it is claimed. */
export const CLAIM_FIELDS = ['claimedBy', 'leaseUntilMs'] as const satisfies (keyof EmailRecord)[];

export const recordKey = (id: string): string => `email#${id}`;

/** The partition of both indexes in which email records stand. */
export const EMAIL_PARTITION = 'email';

/** Where the record stands in the list of all emails. */
export const listEntry = (record: { id: string; createdAtMs: number }): IndexEntry => ({
  partition: EMAIL_PARTITION,
  sort: timeSort(record.createdAtMs, record.id),
});

/** When the schedule must look at this record. */
export const dueEntry = (atMs: number, id: string): IndexEntry => ({
  partition: EMAIL_PARTITION,
  sort: timeSort(atMs, id),
});

/** The record of a newly accepted email. */
export function newRecord(
  email: Email,
  identity: { id: string; fingerprint: string; queue: QueueName },
  nowMs: number,
): EmailRecord {
  const scheduled = email.scheduledAtMs !== undefined && email.scheduledAtMs > nowMs;
  const addresses = (field: 'cc' | 'bcc' | 'replyTo') =>
    email[field].length > 0 ? { [field]: email[field].map(formatMailbox) } : {};
  return {
    ...identity,
    status: scheduled ? 'scheduled' : 'queued',
    from: formatMailbox(email.from),
    to: email.to.map(formatMailbox),
    ...addresses('cc'),
    ...addresses('bcc'),
    ...addresses('replyTo'),
    subject: email.subject,
    ...(email.tags.length > 0 ? { tags: email.tags } : {}),
    ...(Object.keys(email.headers).length > 0 ? { hasHeaders: true } : {}),
    createdAtMs: nowMs,
    ...(scheduled ? { scheduledAtMs: email.scheduledAtMs } : {}),
    attempts: 0,
    timeline: [{ atMs: nowMs, event: scheduled ? 'scheduled' : 'queued' }],
  };
}
