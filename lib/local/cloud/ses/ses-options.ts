import type { EventType } from './events/event-types.ts';
import type { SesMessage } from './message.ts';

/** Settings that can change while the emulator runs; `undefined` removes the limit. */
export type SesSettings = {
  /** Recipients a second, as SES counts; more is answered with `Throttling`. Default: no limit. */
  sendRatePerSecond?: number | undefined;
  /** Recipients that may be sent at once after a pause. Default: as many as in a second. */
  sendBurst?: number | undefined;
  /** Recipients in any 24 hours; more is answered with `Throttling` "Daily message quota exceeded.". Default: no limit. */
  maxSend24Hours?: number | undefined;
  /** A new account: 200 recipients in 24 hours and 1 a second unless set otherwise, verified senders and recipients only. */
  sandbox?: boolean | undefined;
  /** Addresses and domains that may send; when absent everyone may, but in the sandbox. */
  verifiedIdentities?: string[] | undefined;
  /** Time an answer takes, in milliseconds. Default 0. */
  latencyMs?: number | undefined;
  /** `false` answers every send with AccountSendingPausedException, as after UpdateAccountSendingEnabled. Default true. */
  sendingEnabled?: boolean | undefined;
  /** AWS has paused the account after a review: every send is answered with MessageRejected. */
  pausedByReview?: boolean | undefined;
  /** How far the clock of SES is ahead, in milliseconds: a day passes at once when 86,400,000 are added. */
  clockAheadMs?: number | undefined;
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
