/** What `sendoff forget` takes. */
export interface ForgetOptions {
  /** Emails that the address sent, too. */
  readonly sender?: boolean;
  /** Cancel what is still to be sent, and delete it with the rest. */
  readonly cancel?: boolean;
  /** Take it off the suppression list too. */
  readonly suppression?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}
