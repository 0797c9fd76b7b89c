import { type ConfigurationSets, createConfigurationSets } from './configuration-sets.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdentities, type Identities } from './identities.ts';
import { createSendLimits, type SendLimits } from './rate.ts';
import type { SesOptions, SesSettings } from './ses-options.ts';
import { createStatistics, type Statistics } from './statistics.ts';

/** An SES account in one region: its limits and counters. */
export type SesAccount = {
  region: string;
  accountId: string;
  now: () => number;
  /** The limits and switches in force; changed by `applySettings`. */
  settings: SesSettings;
  identities: Identities;
  configurationSets: ConfigurationSets;
  limits: SendLimits;
  statistics: Statistics;
  faults: Faults;
};

/** Makes an account with the limits of `options`. */
export function createAccount(options: SesOptions): SesAccount {
  const now = options.now ?? Date.now;
  const account: SesAccount = {
    region: options.region ?? 'us-east-1',
    accountId: options.accountId ?? '000000000000',
    now,
    settings: {},
    identities: createIdentities(),
    configurationSets: createConfigurationSets(),
    limits: createSendLimits(now),
    statistics: createStatistics(now),
    faults: createFaults(),
  };
  applySettings(account, options);
  return account;
}

const settingNames = [
  'sendRatePerSecond',
  'maxSend24Hours',
  'verifiedIdentities',
  'latencyMs',
  'sendingEnabled',
] as const satisfies (keyof SesSettings)[];

/** Changes the settings whose keys are present; `undefined` lifts a limit. */
export function applySettings(account: SesAccount, changes: SesSettings): void {
  for (const name of settingNames) if (name in changes) Object.assign(account.settings, { [name]: changes[name] });
  account.identities.configure(account.settings.verifiedIdentities ?? []);
  account.limits.set({
    ratePerSecond: account.settings.sendRatePerSecond,
    max24Hours: account.settings.maxSend24Hours,
  });
}
