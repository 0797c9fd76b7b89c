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
  /** Resolves to the provider's message id; rejects with a SendoffError, retryable if a later try can help. */
  send(message: OutgoingMessage): Promise<string>;
}
