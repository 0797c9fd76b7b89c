import { ConfigurationSet, type DkimRecord, EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';

export interface SesSendingProps {
  /** Domain to register for sending; empty: none. */
  readonly domain: string;
  /** Let SES also refuse addresses on the account's own suppression list. */
  readonly accountSuppression: boolean;
}

/** What Sendoff needs in SES: a configuration set for every email and, with `domain`, the sending domain with Easy DKIM. */
export class SesSending extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** The CNAME records by which SES verifies the domain and receivers verify its signatures; none without a domain. */
  readonly dkimRecords: readonly DkimRecord[];

  constructor(scope: Construct, id: string, { domain, accountSuppression }: SesSendingProps) {
    super(scope, id);
    this.configurationSet = new ConfigurationSet(this, 'ConfigurationSet', {
      reputationMetrics: true,
      // When it is enabled, the account's own setting decides for which reasons.
      ...(accountSuppression ? {} : { disableSuppressionList: true }),
    });
    this.dkimRecords = domain
      ? new EmailIdentity(this, 'Domain', { identity: Identity.domain(domain) }).dkimRecords
      : [];
  }
}
