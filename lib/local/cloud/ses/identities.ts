import { domainOf } from './address.ts';
import { messageRejected } from './api/ses-error.ts';

/** The addresses and domains this account has verified. */
export type Identities = {
  /** With the domain of its envelope senders, if it is not SES's own. */
  add(name: string, mailFromDomain?: string): void;
  mailFromDomain(name: string): string | undefined;
  /** Replaces the identities of `verifiedIdentities`; added ones stay. */
  configure(names: string[]): void;
  /** Names in the order they were added, of one kind or of both. */
  list(kind?: 'EmailAddress' | 'Domain'): string[];
  has(name: string): boolean;
  /** The identity that lets this address send: itself, its domain or a parent domain. */
  coveringIdentity(address: string): string | undefined;
};

/** Keeps the verified identities; a domain covers its subdomains, as on SES. */
export function createIdentities(): Identities {
  const added = new Map<string, string | undefined>();
  let configured: string[] = [];
  const names = () => new Set([...configured, ...added.keys()]);
  return {
    add: (name, mailFromDomain) => void added.set(normalised(name), mailFromDomain),
    mailFromDomain: (name) => added.get(normalised(name)),
    configure: (verified) => {
      configured = verified.map(normalised);
    },
    list: (kind) => [...names()].filter((name) => !kind || (kind === 'EmailAddress') === name.includes('@')),
    has: (name) => names().has(normalised(name)),
    coveringIdentity: (address) => {
      const known = names();
      return [normalised(address), ...parentDomains(domainOf(address))].find((candidate) => known.has(candidate));
    },
  };
}

/** An address as it was written, and bare. */
export type Mailbox = { text: string; address: string };

/** Refuses addresses that no identity covers, with all of them in the message, as SES does. */
export function checkVerified(mailboxes: readonly Mailbox[], identities: Identities, region: string): void {
  const unverified = mailboxes.filter(({ address }) => identities.coveringIdentity(address) === undefined);
  if (unverified.length === 0) return;
  const names = [...new Set(unverified.map(({ text }) => text))].join(', ');
  throw messageRejected(
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${names}`,
  );
}

/** Domains ignore case; the local part of an address does not. */
function normalised(name: string): string {
  const at = name.lastIndexOf('@');
  return at === -1 ? name.toLowerCase() : name.slice(0, at) + name.slice(at).toLowerCase();
}

function parentDomains(domain: string): string[] {
  const labels = domain.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}
