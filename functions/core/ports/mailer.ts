/** A message ready to leave. */
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

/** Where messages leave. */
export interface Mailer {
  /** Resolves to the provider's message id; rejects with a SendoffError whose `retryable` says if a later try can help. */
  send(message: OutgoingMessage): Promise<string>;
}
