import { derivedId } from '../../ids.ts';

/** The verification status of a domain, or of its DNS records, at the mail provider. */
export type DomainStatus = 'not_started' | 'pending' | 'verified' | 'failed' | 'temporary_failure';

/** The DKIM records of a domain: one CNAME record for each token. */
export interface Dkim {
  readonly tokens: readonly string[];
  readonly status: DomainStatus;
}

/** The domain of the envelope sender, with the status of its MX record. */
export interface MailFrom {
  readonly domain: string;
  readonly status: DomainStatus;
}

/** The sender domains at the mail provider. Each call can reject with a 429 or a 503 (retryable). */
export interface SenderDomains {
  /** The names of all domains in lower case and alphabetical order, verified or not. */
  names(): Promise<readonly string[]>;
  /** The statuses of these domains, at most 100; unknown domains are left out. */
  statuses(names: readonly string[]): Promise<ReadonlyMap<string, DomainStatus>>;
  dkim(name: string): Promise<Dkim>;
  /** Undefined when the envelope sender has a domain of the provider's own. */
  mailFrom(name: string): Promise<MailFrom | undefined>;
}

/** The id of a domain is derived from its name, so that nothing is stored for it. */
export function domainId(name: string): string {
  return derivedId('domain', name);
}

/** The name of the domain with this id; undefined when the provider knows none. */
export async function findDomain({ names }: SenderDomains, id: string): Promise<string | undefined> {
  return (await names()).find((name) => domainId(name) === id);
}
