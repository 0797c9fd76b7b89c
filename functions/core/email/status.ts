/** Where an email stands. `sending` is ours alone; callers see it as queued. */
export type EmailStatus =
  | 'scheduled'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivery_delayed'
  | 'delivered'
  | 'opened'
  | 'clicked'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'canceled'
  | 'suppressed';

/** What a timeline entry can tell: every status, and what moves none. */
export type EmailEvent = EmailStatus | 'rescheduled' | 'deferred' | 'retried';

/** Resend's `last_event` of a status. */
export function lastEvent(status: EmailStatus): string {
  return status === 'sending' ? 'queued' : status;
}

/**
 * How far an email has come. A status gives way only to one of a higher rank, so that late, doubled and disordered
 * events end where ordered ones do. What we ourselves decided (failed, canceled, …) has rank 0: when the provider
 * reports on the email all the same, it was sent, and the provider knows better.
 */
const ranks: Readonly<Record<EmailStatus, number>> = {
  scheduled: 0,
  queued: 0,
  sending: 0,
  canceled: 0,
  failed: 0,
  sent: 1,
  delivery_delayed: 2,
  // 3: a bounce that is not for good; an out-of-office reply is one, and follows a delivery.
  delivered: 4,
  opened: 5,
  clicked: 6,
  suppressed: 7,
  bounced: 8,
  complained: 9,
};
const SOFT_BOUNCE_RANK = 3;

/** A status as an event reports it; `soft` marks a bounce that is not for good. */
export interface Stand {
  readonly status: EmailStatus;
  readonly soft?: boolean | undefined;
}

/** The rank of a status; see `ranks`. */
export const rankOf = ({ status, soft }: Stand): number =>
  status === 'bounced' && soft ? SOFT_BOUNCE_RANK : ranks[status];
