import { ConfigurationSet, type DkimRecord, EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';

export interface OutboundProps {
  /** Domain to register for sending; empty: none. */
  readonly domain: string;
  /** Let SES refuse what is on the account's own suppression list, too. */
  readonly accountSuppression: boolean;
}

/** SES's side: the configuration set every email goes through and, if asked for, the sending domain with Easy DKIM. */
export class SesSending extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** The CNAME records that prove the domain to SES and sign its mail; none without a domain. */
  readonly dkimRecords: readonly DkimRecord[];

  constructor(scope: Construct, id: string, { domain, accountSuppression }: OutboundProps) {
    super(scope, id);
    this.configurationSet = new ConfigurationSet(this, 'ConfigurationSet', {
      reputationMetrics: true,
      // Otherwise the account's own setting says for which reasons.
      ...(accountSuppression ? {} : { disableSuppressionList: true }),
    });
    this.dkimRecords = domain
      ? new EmailIdentity(this, 'Domain', { identity: Identity.domain(domain) }).dkimRecords
      : [];
  }
}
