import type { Table } from '../../functions/core/ports/table.ts';

/** A message as SES received it. */
export interface CaughtMessage {
  /** The MIME message, one character a byte. */
  readonly raw: string;
  /** LocalStack does not answer the recipients of a raw message. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] | undefined };
  /** Only the local cloud keeps the tags of a message, no other emulator. */
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly sentAtMs: number;
}

/** Sendoff for the end-to-end suite, on the local cloud in this process or deployed and reached by HTTP. */
export interface Target {
  readonly url: string;
  /** The service's URL in its links; that of a deployment may not resolve here. */
  readonly publicUrl: string;
  /** With full access. */
  readonly apiKey: string;
  /** The service's own table. */
  readonly table: Table;
  /** True if SES reports events. MiniStack's SES does not: `checkFeedback` of the deploy test publishes them itself. */
  readonly publishesEvents: boolean;
  /** The messages of this email that SES took. */
  caught(emailId: string): Promise<readonly CaughtMessage[]>;
  /** Resolves when no job is left, not even a delayed one. */
  idle(): Promise<void>;
  /** Runs the schedule function and answers its result. */
  runSchedule(): Promise<unknown>;
  /** Lets SES refuse every sender outside this domain. */
  setVerifiedDomain(domain: string): Promise<void>;
  /** Lets SES throttle at this many recipients a second; undefined: not at all. Only where `canThrottle`. */
  setSendRate(perSecond: number | undefined): Promise<void>;
  /** The logs of the functions and of the cloud, as far as the target keeps them. */
  logs(): Promise<string>;
  close(): Promise<void>;
}
