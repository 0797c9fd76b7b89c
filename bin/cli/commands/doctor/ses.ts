import type { GetAccountResponse, MailFromAttributes, SESv2Client } from '@aws-sdk/client-sesv2';
import { domainOf, parseMailbox } from '../../../../functions/core/email/address.ts';
import { type Deployment, output } from '../../deployment.ts';
import type { Check, Finding } from './finding.ts';

const PRODUCTION_ACCESS = 'https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html';
/** The share of the daily quota at which a warning begins. */
const QUOTA_WARNING = 0.8;
/** À la carte price and plans in dollars per 1,000 emails; SES calls à la carte NONE. */
const planTexts: Readonly<Record<string, string>> = {
  NONE: 'none: à la carte, $0.10 per 1,000 emails',
  ESSENTIALS: 'Essentials, $0.16 per 1,000 emails; à la carte (NONE) is $0.10, without its extras',
};

async function client({ aws }: Deployment): Promise<SESv2Client> {
  const { SESv2Client } = await import('@aws-sdk/client-sesv2');
  return new SESv2Client(aws);
}

export const account: Check = {
  name: 'SES account',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const { GetAccountCommand } = await import('@aws-sdk/client-sesv2');
    const found = await (await client(deployment)).send(new GetAccountCommand({}));
    return [sandbox(found), sending(found), quota(found), plan(found)];
  },
};

function sandbox({ ProductionAccessEnabled }: GetAccountResponse): Finding {
  const check = 'SES sandbox';
  return ProductionAccessEnabled
    ? { check, level: 'ok', text: 'out of it' }
    : {
        check,
        level: 'problem',
        text: 'the account is in it: it may send to verified addresses alone, 200 emails a day',
        advice: `ask for production access: ${PRODUCTION_ACCESS}`,
      };
}

function sending({ SendingEnabled, EnforcementStatus = '' }: GetAccountResponse): Finding {
  const check = 'SES sending';
  const advice = 'SES has written to the account why; see also "Account health" in its console';
  if (!SendingEnabled) return { check, level: 'problem', text: `paused (${EnforcementStatus})`, advice };
  if (EnforcementStatus === 'HEALTHY') return { check, level: 'ok', text: 'enabled, account healthy' };
  return {
    check,
    level: EnforcementStatus === 'SHUTDOWN' ? 'problem' : 'warning',
    text: `account is in ${EnforcementStatus}`,
    advice,
  };
}

function quota({ SendQuota = {} }: GetAccountResponse): Finding {
  const { Max24HourSend = 0, MaxSendRate = 0, SentLast24Hours = 0 } = SendQuota;
  const check = 'SES quota';
  // SES says -1 for no limit.
  if (Max24HourSend < 0) return { check, level: 'ok', text: `no daily limit, ${MaxSendRate} recipients a second` };
  const text = `${Math.round(SentLast24Hours)} of ${Max24HourSend} recipients used in 24 hours, ${MaxSendRate} a second`;
  const advice = 'ask for more in Service Quotas (Amazon SES, sending quota)';
  if (SentLast24Hours >= Max24HourSend) return { check, level: 'problem', text, advice };
  return SentLast24Hours >= QUOTA_WARNING * Max24HourSend
    ? { check, level: 'warning', text, advice }
    : { check, level: 'ok', text };
}

function plan({ PricingAttributes }: GetAccountResponse): Finding {
  const check = 'SES pricing plan';
  const current = PricingAttributes?.CurrentPlan;
  return { check, level: 'ok', text: current ? (planTexts[current] ?? current) : 'unknown; the SES console shows it' };
}

export const configurationSet: Check = {
  name: 'configuration set',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const check = 'configuration set';
    const { GetConfigurationSetCommand } = await import('@aws-sdk/client-sesv2');
    const ConfigurationSetName = output(deployment, 'ConfigurationSetName');
    const { SendingOptions } = await (await client(deployment)).send(
      new GetConfigurationSetCommand({ ConfigurationSetName }),
    );
    if (SendingOptions?.SendingEnabled !== false) return [{ check, level: 'ok', text: 'sends' }];
    const advice = `aws sesv2 put-configuration-set-sending-options --sending-enabled --configuration-set-name ${ConfigurationSetName}`;
    return [{ check, level: 'problem', text: 'its sending is paused', advice }];
  },
};

export const identities: Check = {
  name: 'identities',
  alsoLocal: false,
  examine: async ({ deployment, from }) => {
    const ses = await client(deployment);
    const wanted = from === undefined ? own(deployment) : sendersOf(from);
    if (from !== undefined) return [await sender(ses, from, wanted)];
    const names = [...new Set([...wanted, ...(await verified(ses))])];
    if (names.length === 0)
      return [
        {
          check: 'identities',
          level: 'problem',
          text: 'SES has no verified sender',
          advice: 'deploy with the option domain (docs/deploy.md), or verify an address in the SES console',
        },
      ];
    return Promise.all(names.map((name) => identity(ses, name)));
  },
};

/** The domain that the stack registered, from its DKIM records (`<token>._domainkey.<domain> CNAME …`). */
function own({ outputs }: Deployment): string[] {
  const domain = /\._domainkey\.(\S+) CNAME/.exec(outputs.DkimRecord1 ?? '')?.[1];
  return domain ? [domain] : [];
}

/** The identities that would let SES accept this sender: the address, its domain, and the domains above it. */
function sendersOf(from: string): string[] {
  const { address } = parseMailbox(from, '--from');
  const labels = domainOf(address).split('.');
  return [address, ...labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))];
}

async function verified(ses: SESv2Client): Promise<string[]> {
  const { paginateListEmailIdentities } = await import('@aws-sdk/client-sesv2');
  const names: string[] = [];
  for await (const { EmailIdentities = [] } of paginateListEmailIdentities({ client: ses }, {}))
    names.push(
      ...EmailIdentities.flatMap(({ SendingEnabled, IdentityName }) => (SendingEnabled && IdentityName) || []),
    );
  return names;
}

/** The finding on the first candidate that may send. */
async function sender(ses: SESv2Client, from: string, candidates: readonly string[]): Promise<Finding> {
  for (const candidate of candidates) {
    const found = await identity(ses, candidate).catch(ignoreMissing);
    if (found && found.level !== 'problem') return found;
  }
  return {
    check: 'identities',
    level: 'problem',
    text: `SES may not send from ${from}: none of ${candidates.join(', ')} is verified`,
    advice: 'deploy with the option domain (docs/deploy.md), or verify one of them in the SES console',
  };
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && error.name === 'NotFoundException') return undefined;
  throw error;
}

async function identity(ses: SESv2Client, name: string): Promise<Finding> {
  const { GetEmailIdentityCommand } = await import('@aws-sdk/client-sesv2');
  const found = await ses.send(new GetEmailIdentityCommand({ EmailIdentity: name }));
  const check = 'identities';
  const { Status: dkim = 'NOT_STARTED', SigningEnabled } = found.DkimAttributes ?? {};
  if (!found.VerifiedForSendingStatus) {
    const advice = "create the DNS records that the stack's outputs name (DkimRecord1 …); SES looks again by itself";
    return { check, level: 'problem', text: `${name} is not verified (DKIM ${dkim})`, advice };
  }
  if (dkim === 'SUCCESS' && SigningEnabled)
    return (
      mailFrom(name, found.MailFromAttributes) ?? {
        check,
        level: 'ok',
        text: `${name} is verified and signs with DKIM`,
      }
    );
  const advice = 'big mail providers distrust unsigned mail: verify the whole domain, with its DKIM records';
  return { check, level: 'warning', text: `${name} is verified, but its mail is not signed (DKIM ${dkim})`, advice };
}

/** The finding on a MAIL FROM domain whose MX record SES does not find; it then uses one of its own. */
function mailFrom(name: string, attributes: MailFromAttributes | undefined): Finding | undefined {
  const { MailFromDomain, MailFromDomainStatus = 'PENDING' } = attributes ?? {};
  if (!MailFromDomain || MailFromDomainStatus === 'SUCCESS') return undefined;
  return {
    check: 'identities',
    level: 'warning',
    text: `${name} is verified, but SPF is not aligned with it: no MX record of ${MailFromDomain} (${MailFromDomainStatus})`,
    advice: "create the records that the stack's outputs name (MailFromMxRecord, MailFromSpfRecord)",
  };
}
