/** A message to send. */
export interface OutgoingMessage {
  readonly emailId: string;
  /** Envelope sender and From address, ASCII. */
  readonly from: string;
  /** Envelope recipients, 1 to 50. */
  readonly destinations: readonly string[];
  /** MIME, at most 10 MB. */
  readonly raw: Uint8Array;
  readonly tags: readonly { readonly name: string; readonly value: string }[];
}

/** The mail provider. */
export interface Mailer {
  /**
   * Resolves to the provider's message id. Rejects with Throttled or SendingHeld (core/pacing/refusals.ts) when the account may not
   * send now; with a SendoffError about this email, retryable if a later try can help; with `unavailable` in an outage.
   */
  send(message: OutgoingMessage): Promise<string>;
}
