/** The options of `sendoff forget`. */
export interface ForgetOptions {
  /** Delete emails from the address, too. */
  readonly sender?: boolean;
  /** Cancel emails that are still to be sent, and delete them too. */
  readonly cancel?: boolean;
  /** Take it off the suppression list too. */
  readonly suppression?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}
