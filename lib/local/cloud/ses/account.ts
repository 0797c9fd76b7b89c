import { type ConfigurationSets, createConfigurationSets } from './configuration-sets.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdentities, type Identities } from './identities.ts';
import { createSendLimits, type SendLimits } from './rate.ts';
import type { SesOptions, SesSettings } from './ses-options.ts';
import { sendLimitsOf, settingsIn } from './settings.ts';
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
  const { now: wallClock = Date.now } = options;
  const settings: SesSettings = {};
  const now = () => wallClock() + (settings.clockAheadMs ?? 0);
  const account: SesAccount = {
    region: options.region ?? 'us-east-1',
    accountId: options.accountId ?? '000000000000',
    now,
    settings,
    identities: createIdentities(),
    configurationSets: createConfigurationSets(),
    limits: createSendLimits(now),
    statistics: createStatistics(now),
    faults: createFaults(),
  };
  applySettings(account, options);
  return account;
}

/** Changes the settings whose keys are present; `undefined` lifts a limit. */
export function applySettings(account: SesAccount, changes: SesSettings): void {
  Object.assign(account.settings, settingsIn(changes));
  account.identities.configure(account.settings.verifiedIdentities ?? []);
  account.limits.set(sendLimitsOf(account.settings));
}
