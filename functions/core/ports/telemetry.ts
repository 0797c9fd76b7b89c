import type { QueueName } from '../queues.ts';

export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What is counted of emails. */
export type EmailCount = 'accepted' | 'sent' | 'failed' | 'retried' | 'handedOver' | 'requeued';

/** Numbers for the operator, by queue; never anything of one email. */
export interface Metrics {
  /** Adds `times` (one if absent) to a count. */
  count(what: EmailCount, queue: QueueName, times?: number): void;
  /** How long an email took from when it was accepted, or due if that was later, until it was sent; in ms. */
  sendLatency(queue: QueueName, ms: number): void;
}

/** Ids, counts and errors; never addresses, subjects or bodies. */
export type LogFields = { readonly [name: string]: unknown };
