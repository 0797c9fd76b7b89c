import { ConfigurationSet, type DkimRecord, EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';

export interface OutboundProps {
  /** Domain to register for sending; empty: none. */
  readonly domain: string;
}

/** SES's side: the configuration set every email goes through and, if asked for, the sending domain with Easy DKIM. */
export class Outbound extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** The CNAME records that prove the domain to SES and sign its mail; none without a domain. */
  readonly dkimRecords: readonly DkimRecord[];

  constructor(scope: Construct, id: string, { domain }: OutboundProps) {
    super(scope, id);
    // Which of SES's suppression reasons apply is left to the account's setting.
    this.configurationSet = new ConfigurationSet(this, 'ConfigurationSet', { reputationMetrics: true });
    this.dkimRecords = domain
      ? new EmailIdentity(this, 'Domain', { identity: Identity.domain(domain) }).dkimRecords
      : [];
  }
}
