import { type CfnEmailIdentity, ConfigurationSet, type DkimRecord, EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import { Annotations, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface SesSendingProps {
  /** Domain to register for sending; empty: none. */
  readonly domain: string;
  /** Subdomain of `domain` for the envelope sender; empty: SES's own. */
  readonly mailFromDomain: string;
  /** Let SES also refuse addresses on the account's own suppression list. */
  readonly accountSuppression: boolean;
  /** Delete the domain's identity with the stack. False: it stays in SES. */
  readonly removeData: boolean;
}

/** A record to create in the domain's DNS. */
export interface DnsRecord {
  readonly name: string;
  readonly type: 'MX' | 'TXT';
  readonly value: string;
}

/** The resources of SES that Sendoff needs: a configuration set for every email and, with `domain`, the sending domain with Easy DKIM. */
export class SesSending extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** The CNAME records by which SES verifies the domain and receivers verify its signatures; none without a domain. */
  readonly dkimRecords: readonly DkimRecord[];
  /** The records by which bounces reach SES and SPF is aligned with the domain; none without `mailFromDomain`. */
  readonly mailFromRecords: readonly DnsRecord[];
  /** A DMARC policy that changes nothing yet, for a domain that has none; absent without a domain. */
  readonly dmarcRecord?: DnsRecord;

  constructor(scope: Construct, id: string, props: SesSendingProps) {
    super(scope, id);
    const { domain, mailFromDomain, accountSuppression, removeData } = props;
    this.configurationSet = new ConfigurationSet(this, 'ConfigurationSet', {
      reputationMetrics: true,
      // When it is enabled, the account's own setting decides for which reasons.
      ...(accountSuppression ? {} : { disableSuppressionList: true }),
    });
    this.dkimRecords = domain ? this.registerDomain(domain, mailFromDomain, removeData).dkimRecords : [];
    this.mailFromRecords = mailFromDomain ? mailFromRecords(mailFromDomain, Stack.of(this).region) : [];
    if (domain) this.dmarcRecord = { name: `_dmarc.${domain}`, type: 'TXT', value: '"v=DMARC1; p=none;"' };
  }

  private registerDomain(domain: string, mailFromDomain: string, removeData: boolean): EmailIdentity {
    const identity = new EmailIdentity(this, 'Domain', {
      identity: Identity.domain(domain),
      // Bounces and complaints arrive as events; by email they would reach the sender's mailbox as well.
      feedbackForwarding: false,
      ...(mailFromDomain ? { mailFromDomain } : {}),
    });
    // Other senders of the account may use the identity, and a new one would need its DNS records again. It has a fixed name:
    // if it outlived a failed first deployment, the next one would find it and fail.
    const policy = removeData ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    (identity.node.defaultChild as CfnEmailIdentity).applyRemovalPolicy(policy);
    // CloudFormation's own words name no way out, and nobody can ask SES at synth.
    Annotations.of(identity).addInfo(
      `If the deployment fails because ${domain} already exists in SES: \`cdk deploy --import-existing-resources\` adopts it, and without the option 'domain' it is used as it is.`,
    );
    return identity;
  }
}

/** https://docs.aws.amazon.com/ses/latest/dg/mail-from.html */
function mailFromRecords(name: string, region: string): DnsRecord[] {
  return [
    { name, type: 'MX', value: `10 feedback-smtp.${region}.amazonses.com` },
    { name, type: 'TXT', value: '"v=spf1 include:amazonses.com ~all"' },
  ];
}
