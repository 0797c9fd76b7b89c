/** Every status of an email, in the order of an email's life. `sending` is internal: callers see it as `queued`. */
export const emailStatuses = [
  'scheduled',
  'queued',
  'sending',
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
] as const;
export type EmailStatus = (typeof emailStatuses)[number];

/** The events of a timeline: every status, and events that change no status. */
export type EmailEvent = EmailStatus | 'rescheduled' | 'deferred' | 'retried';

const unsentStatuses = ['scheduled', 'queued', 'sending'] as const satisfies readonly EmailStatus[];
type UnsentStatus = (typeof unsentStatuses)[number];

/** True while the email is still to be sent. */
export const isUnsent = ({ status }: { readonly status?: EmailStatus | undefined }): boolean =>
  unsentStatuses.some((unsent) => unsent === status);

/** The statuses of an email that is not to be sent any more. */
export const endedStatuses: readonly EmailStatus[] = emailStatuses.filter((status) => !isUnsent({ status }));

/** The statuses that the provider reports. */
export type ReportedStatus = Exclude<EmailStatus, UnsentStatus | 'canceled'>;

/** Resend's `last_event` for a status. */
export function lastEvent(status: EmailStatus): string {
  return status === 'sending' ? 'queued' : status;
}

/** Every value of `last_event`. */
export const lastEvents: readonly string[] = [...new Set(emailStatuses.map(lastEvent))];

/**
 * A status is replaced only by one of a higher rank, so that late, repeated and reordered events lead to the same status
 * as ordered ones. The statuses that Sendoff sets itself (failed, canceled, …) have rank 0: when the provider reports on
 * such an email, it was sent after all.
 */
const ranks: Readonly<Record<EmailStatus, number>> = {
  scheduled: 0,
  queued: 0,
  sending: 0,
  canceled: 0,
  failed: 0,
  sent: 1,
  delivery_delayed: 2,
  // 3: a soft bounce. An out-of-office reply is one, and follows a delivery.
  delivered: 4,
  opened: 5,
  clicked: 6,
  suppressed: 7,
  bounced: 8,
  complained: 9,
};
const SOFT_BOUNCE_RANK = 3;

/** A status, and for a bounce whether it is soft: not permanent. */
export interface RankedStatus {
  readonly status: EmailStatus;
  readonly soft?: boolean | undefined;
}

/** The rank of a status; see `ranks`. */
export const rankOf = ({ status, soft }: RankedStatus): number =>
  status === 'bounced' && soft ? SOFT_BOUNCE_RANK : ranks[status];

/**
 * True for an event that can only follow `sent`. False for `suppressed`, whatever its rank: a suppressed recipient is
 * left out before the email is sent.
 */
export const followsSent = (event: EmailEvent): boolean =>
  event !== 'suppressed' && ((ranks as Readonly<Partial<Record<EmailEvent, number>>>)[event] ?? 0) > ranks.sent;
