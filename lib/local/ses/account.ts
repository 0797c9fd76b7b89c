import type { ConfigurationSets } from './configuration-sets.ts';
import type { Faults } from './faults.ts';
import type { Identities } from './identities.ts';
import type { SesMessage } from './message.ts';
import type { SendLimits } from './rate.ts';
import type { RawHeader } from './raw-headers.ts';
import type { SesSettings } from './ses-options.ts';
import type { Statistics } from './statistics.ts';
import type { XmlContent } from './xml.ts';

/** What the actions of the Query API work on. */
export type SesAccount = {
  region: string;
  accountId: string;
  now: () => number;
  /** The limits and switches in force; changed by `ses.set`. */
  settings: SesSettings;
  identities: Identities;
  configurationSets: ConfigurationSets;
  limits: SendLimits;
  statistics: Statistics;
  faults: Faults;
  /** Keeps a checked message, passes it on and lets its events follow. */
  accept(message: SesMessage, headers: RawHeader[]): Promise<void>;
};

/** Who calls: the function's name, when the request came from one. */
export type SesCaller = { functionName?: string };

/** One action of the Query API: parameters in, the content of its result element out; throws SesError. */
export type SesAction = (
  params: URLSearchParams,
  account: SesAccount,
  caller: SesCaller,
) => XmlContent | Promise<XmlContent>;
