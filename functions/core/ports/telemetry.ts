import type { QueueName } from '../queues.ts';

export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** The counts of emails; `stalled` counts the looks at broadcasts that stand still, though nothing holds sending. */
export type EmailCount = 'accepted' | 'sent' | 'failed' | 'retried' | 'handedOver' | 'requeued' | 'stalled';

/** Numbers for the operator, by queue; never about a single email. */
export interface Metrics {
  /** Adds `times` (one if absent) to a count. */
  count(what: EmailCount, queue: QueueName, times?: number): void;
  /** The time from the accept, or from `scheduled_at`, until the email was sent; in ms. */
  sendLatency(queue: QueueName, ms: number): void;
}

/** Ids, counts and errors; never addresses, subjects or bodies. */
export type LogFields = { readonly [name: string]: unknown };
