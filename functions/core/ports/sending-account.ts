/** The limits of the account at the mail provider, which all its senders share. Both quotas count recipients. */
export interface SendQuota {
  readonly ratePerSecond: number;
  /** In any 24 hours; -1: no limit. */
  readonly max24Hours: number;
  readonly sent24Hours: number;
}

/** The account at the mail provider. */
export interface SendingAccount {
  /** Rejects with a SendoffError, retryable if a later try can help. */
  quota(): Promise<SendQuota>;
}
