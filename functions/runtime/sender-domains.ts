import type { SenderDomains } from '../core/email/accept/sender-domain.ts';
import { once } from '../core/once.ts';

/** The domains of SES. Their client is loaded on the first call, as accepting emails does not need it. */
export function loadedSesDomains(): SenderDomains {
  const load = once(async () => (await import('../adapters/aws/ses-domains.ts')).createSesDomains());
  return {
    names: async () => (await load()).names(),
    statuses: async (names) => (await load()).statuses(names),
    dkim: async (name) => (await load()).dkim(name),
    mailFrom: async (name) => (await load()).mailFrom(name),
  };
}
