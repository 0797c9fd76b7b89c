import {
  type CustomMailFromStatus,
  GetIdentityDkimAttributesCommand,
  GetIdentityMailFromDomainAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  SESClient,
  type VerificationStatus,
} from '@aws-sdk/client-ses';
import { pages } from '../../core/document/pages.ts';
import type { DomainStatus, SenderDomains } from '../../core/email/accept/sender-domain.ts';
import { SendoffError, unavailable } from '../../core/errors.ts';
import { clientOptions } from './clients.ts';
import { isTransient } from './errors.ts';

/** The most that SES answers in one page. */
const PAGE = 1_000;

const statusOf: Readonly<Record<VerificationStatus, DomainStatus>> = {
  NotStarted: 'not_started',
  Pending: 'pending',
  Success: 'verified',
  Failed: 'failed',
  TemporaryFailure: 'temporary_failure',
};

/** The domains of Amazon SES in this account and region. SES allows each of these calls once a second. */
export function createSesDomains(client = new SESClient(clientOptions)): SenderDomains {
  const names = async () => {
    const found: string[] = [];
    const identityPages = pages(async (NextToken: string | undefined) => {
      const command = new ListIdentitiesCommand({ IdentityType: 'Domain', MaxItems: PAGE, NextToken });
      const { Identities = [], NextToken: next } = await client.send(command);
      return { items: Identities, next: next || undefined };
    });
    for await (const names of identityPages) found.push(...names);
    return found.map((name) => name.toLowerCase()).sort();
  };
  const statuses = async (Identities: readonly string[]) => {
    if (Identities.length === 0) return new Map<string, DomainStatus>();
    const command = new GetIdentityVerificationAttributesCommand({ Identities: [...Identities] });
    const { VerificationAttributes = {} } = await client.send(command);
    return new Map(
      Object.entries(VerificationAttributes).map(([name, { VerificationStatus }]) => [
        name,
        toStatus(VerificationStatus),
      ]),
    );
  };
  const dkim = async (name: string) => {
    const { DkimAttributes = {} } = await client.send(new GetIdentityDkimAttributesCommand({ Identities: [name] }));
    const { DkimTokens = [], DkimVerificationStatus } = DkimAttributes[name] ?? {};
    return { tokens: DkimTokens, status: toStatus(DkimVerificationStatus) };
  };
  const mailFrom = async (name: string) => {
    const command = new GetIdentityMailFromDomainAttributesCommand({ Identities: [name] });
    const { MailFromDomainAttributes = {} } = await client.send(command);
    const { MailFromDomain: domain, MailFromDomainStatus } = MailFromDomainAttributes[name] ?? {};
    return domain ? { domain, status: toStatus(MailFromDomainStatus) } : undefined;
  };
  return {
    names: () => translated(names()),
    statuses: (asked) => translated(statuses(asked)),
    dkim: (name) => translated(dkim(name)),
    mailFrom: (name) => translated(mailFrom(name)),
  };
}

const toStatus = (status: VerificationStatus | CustomMailFromStatus | undefined): DomainStatus =>
  (status && statusOf[status]) ?? 'not_started';

/** Turns an error of SES into one of the API. */
async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (/Throttl/.test(cause instanceof Error ? cause.name : ''))
      throw new SendoffError('rate_limit_exceeded', 429, 'Amazon SES answers questions about domains once a second', {
        cause,
      });
    throw isTransient(cause) ? unavailable('Amazon SES is not available for the moment', cause) : cause;
  }
}
