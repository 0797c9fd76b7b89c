import type { Table } from '../../functions/core/ports/table.ts';

/** An email as SES was handed it. */
export interface CaughtMessage {
  /** The MIME message, one character a byte. */
  readonly raw: string;
  /** LocalStack does not tell the recipients of a raw message. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] | undefined };
  /** Of the emulators only our own keeps the tags of a message. */
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly sentAtMs: number;
}

/** Sendoff somewhere, on the local cloud in this process or deployed and reached over HTTP: what the end-to-end suite needs of it. */
export interface Target {
  readonly url: string;
  /** What the service calls itself in links; a deployment's may not resolve here. */
  readonly publicUrl: string;
  /** With full access. */
  readonly apiKey: string;
  /** The service's own table. */
  readonly table: Table;
  /** Whether SES tells what became of an email. MiniStack's does not: `checkFeedback` of the deploy test publishes that itself. */
  readonly publishesEvents: boolean;
  /** Every message that SES took of this email. */
  caught(emailId: string): Promise<readonly CaughtMessage[]>;
  /** Resolves when no job is left, delayed ones included. */
  idle(): Promise<void>;
  /** Runs the schedule function now, and answers what it answered. */
  runSchedule(): Promise<unknown>;
  /** Lets SES refuse every sender but those of this domain. */
  setVerifiedDomain(domain: string): Promise<void>;
  /** Lets SES throttle at this many recipients a second; undefined: not at all. Only where `canThrottle`. */
  setSendRate(perSecond: number | undefined): Promise<void>;
  /** Everything that the functions and the cloud logged, as far as the target keeps it. */
  logs(): Promise<string>;
  close(): Promise<void>;
}
