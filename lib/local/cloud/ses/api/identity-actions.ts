import { createHash } from 'node:crypto';
import { bareAddress } from '../address.ts';
import { memberList } from './member-list.ts';
import type { SesAction } from './ses-action.ts';
import { invalidParameter, missingParameter } from './ses-error.ts';
import type { XmlContent } from './xml.ts';

/** ListIdentities: of one type or of both; all in one page. */
export const listIdentities: SesAction = (params, { identities }) => {
  const kind = params.get('IdentityType') ?? undefined;
  if (kind !== undefined && kind !== 'EmailAddress' && kind !== 'Domain') {
    throw invalidParameter(`Invalid identity type: ${kind}`);
  }
  return { Identities: identities.list(kind) };
};

/** VerifyEmailIdentity: verified at once, since no mail with a link to click leaves this machine. */
export const verifyEmailIdentity: SesAction = (params, { identities }) => {
  const address = params.get('EmailAddress');
  if (!address) throw missingParameter('emailAddress');
  identities.add(bareAddress(address));
  return {};
};

/** GetIdentityVerificationAttributes: `Success` for each known identity; unknown ones are left out, as on SES. */
export const getIdentityVerificationAttributes: SesAction = (params, { identities }) => {
  const names = memberList(params, 'Identities').filter(identities.has);
  return { VerificationAttributes: new Map(names.map((name) => [name, { VerificationStatus: 'Success' }])) };
};

/** GetIdentityDkimAttributes: DKIM is on and verified for domains, with three tokens each; off for addresses. */
export const getIdentityDkimAttributes: SesAction = (params, { identities }) => {
  const names = memberList(params, 'Identities').filter(identities.has);
  return { DkimAttributes: new Map(names.map((name) => [name, dkimOf(name)])) };
};

/** GetIdentityMailFromDomainAttributes: known identities, with their domain if they have one, whose MX record is found. */
export const getIdentityMailFromDomainAttributes: SesAction = (params, { identities }) => {
  const names = memberList(params, 'Identities').filter(identities.has);
  return {
    MailFromDomainAttributes: new Map(names.map((name) => [name, mailFromOf(identities.mailFromDomain(name))])),
  };
};

function mailFromOf(domain: string | undefined): XmlContent {
  return {
    ...(domain ? { MailFromDomain: domain, MailFromDomainStatus: 'Success' } : {}),
    BehaviorOnMXFailure: 'UseDefaultValue',
  };
}

function dkimOf(name: string): XmlContent {
  const isDomain = !name.includes('@');
  return {
    DkimEnabled: isDomain,
    DkimVerificationStatus: isDomain ? 'Success' : 'NotStarted',
    ...(isDomain ? { DkimTokens: [1, 2, 3].map((number) => dkimToken(`${number} ${name}`)) } : {}),
  };
}

/** SES's have 32 letters and digits too. */
const dkimToken = (seed: string): string => createHash('md5').update(seed).digest('hex');
