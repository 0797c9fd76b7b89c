import { derivedId } from '../ids.ts';

/** Where a domain, or one of its DNS records, stands with the mail provider. */
export type DomainStatus = 'not_started' | 'pending' | 'verified' | 'failed' | 'temporary_failure';

/** The CNAME records by which the provider signs mail of a domain (DKIM): one a token. */
export interface Dkim {
  readonly tokens: readonly string[];
  readonly status: DomainStatus;
}

/** The domains that the mail provider knows as senders; each call can reject with a 429 or a 503 (retryable). */
export interface SenderDomains {
  /** Every domain's name in lower case, verified or not, in the order of the alphabet. */
  names(): Promise<readonly string[]>;
  /** Where these domains stand, at most 100; those that the provider does not know are left out. */
  statuses(names: readonly string[]): Promise<ReadonlyMap<string, DomainStatus>>;
  dkim(name: string): Promise<Dkim>;
}

/** The id of a domain, which follows from its name: nothing is stored for it. */
export function domainId(name: string): string {
  return derivedId('domain', name);
}

/** The name of the domain with this id; undefined when the provider knows none. */
export async function findDomain({ names }: SenderDomains, id: string): Promise<string | undefined> {
  return (await names()).find((name) => domainId(name) === id);
}
