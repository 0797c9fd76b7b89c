import type { EventType } from './event-types.ts';
import type { SesMessage } from './message.ts';

/** What a test or an operator may change while the emulator runs; `undefined` lifts the limit. */
export type SesSettings = {
  /** Recipients a second, as SES counts; more is answered with `Throttling`. Default: no limit. */
  sendRatePerSecond?: number | undefined;
  /** Recipients in any 24 hours; more is answered with `Throttling` "Daily message quota exceeded.". Default: no limit. */
  maxSend24Hours?: number | undefined;
  /** Addresses and domains that may send; when absent everyone may. */
  verifiedIdentities?: string[] | undefined;
  /** Time an answer takes, in milliseconds. Default 0. */
  latencyMs?: number | undefined;
  /** `false` answers every send with AccountSendingPausedException. Default true. */
  sendingEnabled?: boolean | undefined;
};

/** Where accepted mail is passed on to: a plain SMTP server such as Mailpit. */
export type RelayTarget = { host: string; port: number };

/** What the local SES is made of; everything is optional. */
export type SesOptions = SesSettings & {
  /** How long after the send (milliseconds) each event is published. */
  eventDelayMs?: Partial<Record<EventType, number>> | undefined;
  /** Publishes one event (JSON) to an SNS topic; without it no events are published. */
  publish?: ((topicArn: string, message: string) => Promise<void>) | undefined;
  /** Folder in which messages outlive a restart. */
  dataDirectory?: string | undefined;
  relay?: RelayTarget | undefined;
  /** Messages kept in memory; the oldest go first. Default 10,000. */
  maxMessages?: number | undefined;
  now?: (() => number) | undefined;
  /** Called for each accepted message, synchronously. */
  onSent?: ((message: SesMessage) => void) | undefined;
  region?: string | undefined;
  accountId?: string | undefined;
  /** Where faults that must not stop the emulator are written. Default: stderr. */
  log?: ((line: string) => void) | undefined;
};
