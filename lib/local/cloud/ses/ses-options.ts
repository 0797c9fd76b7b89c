import type { EventType } from './event-types.ts';
import type { SesMessage } from './message.ts';

/** Settings that can change while the emulator runs; `undefined` removes the limit. */
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

/** A plain SMTP server, such as Mailpit, that gets a copy of all accepted mail. */
export type RelayTarget = { host: string; port: number };

/** How the local SES is started. */
export type SesOptions = SesSettings & {
  /** Delay between the send and each event, in milliseconds. */
  eventDelayMs?: Partial<Record<EventType, number>> | undefined;
  /** Publishes one event (JSON) to an SNS topic; without it no events are published. */
  publish?: ((topicArn: string, message: string) => Promise<void>) | undefined;
  /** Folder that keeps messages across restarts. */
  dataDirectory?: string | undefined;
  relay?: RelayTarget | undefined;
  /** Messages kept in memory; the oldest go first. Default 10,000. */
  maxMessages?: number | undefined;
  now?: (() => number) | undefined;
  /** Called for each accepted message, synchronously. */
  onSent?: ((message: SesMessage) => void) | undefined;
  region?: string | undefined;
  accountId?: string | undefined;
  /** Receives errors that do not stop the emulator. Default: stderr. */
  log?: ((line: string) => void) | undefined;
};
