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
