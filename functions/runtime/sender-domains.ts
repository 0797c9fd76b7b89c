import type { SenderDomains } from '../core/email/sender-domain.ts';

/** The domains of SES. Their client is loaded on the first call, as accepting emails does not need it. */
export function loadedSesDomains(): SenderDomains {
  let loaded: Promise<SenderDomains> | undefined;
  const load = () => {
    loaded ??= import('../adapters/aws/ses-domains.ts').then(({ createSesDomains }) => createSesDomains());
    return loaded;
  };
  return {
    names: async () => (await load()).names(),
    statuses: async (names) => (await load()).statuses(names),
    dkim: async (name) => (await load()).dkim(name),
    mailFrom: async (name) => (await load()).mailFrom(name),
  };
}
