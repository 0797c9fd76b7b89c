import { setTimeout as delay } from 'node:timers/promises';
import type { SesAccount, SesCaller } from './account.ts';
import { type ConfigurationSets, createConfigurationSets, type EventDestination } from './configuration-sets.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIdentities } from './identities.ts';
import { createInbox, type InboxHandler } from './inbox.ts';
import type { SesMessage } from './message.ts';
import { createMessageStore } from './message-store.ts';
import { answerQuery, type QueryAnswer } from './query-api.ts';
import { createSendLimits } from './rate.ts';
import type { SesOptions, SesSettings } from './ses-options.ts';
import { createStatistics } from './statistics.ts';

/** The local SES: what the rest of the local cloud mounts and what tests look into. */
export type Ses = {
  /** Answers one request of the SES v1 Query API; who may call it is checked before. */
  query(params: URLSearchParams, caller?: SesCaller): Promise<QueryAnswer>;
  putConfigurationSet(name: string): void;
  putEventDestination(configurationSet: string, destination: EventDestination): void;
  /** Adds a verified address or domain. */
  putIdentity(name: string): void;
  inbox: InboxHandler;
  /** Changes limits and switches at run time; a key that is present with `undefined` lifts its limit. */
  set(settings: SesSettings): void;
  /** Lets the next sends fail with an AWS error code such as `Throttling` or `ServiceUnavailable`. */
  failNext: Faults['add'];
  /** Kept messages, oldest first. */
  messages(): SesMessage[];
  /** Resolves when that many were accepted since the start or the last emptying of the inbox. */
  waitForMessages(count: number): Promise<SesMessage[]>;
  /** Messages accepted since the start, dropped and deleted ones included. */
  readonly sentCount: number;
  clear(): Promise<void>;
  close(): Promise<void>;
};

/** Starts a local SES; nothing listens, the caller mounts `query` and `inbox`. */
export async function createSes(options: SesOptions = {}): Promise<Ses> {
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const closing = new AbortController();
  const store = createMessageStore(options.maxMessages ?? 10_000);
  let sentCount = 0;
  const account = createAccount(options, createConfigurationSets(), async (message) => {
    store.add(message);
    sentCount += 1;
    options.onSent?.(message);
  });
  const clear = async () => store.clear();
  const set = (settings: SesSettings) => applySettings(account, settings);
  set(options);

  return {
    query: async (params, caller = {}) => {
      const { latencyMs = 0 } = account.settings;
      // Closing cuts the wait short; the request is answered all the same.
      if (latencyMs > 0) await delay(latencyMs, undefined, { signal: closing.signal }).catch(() => undefined);
      return answerQuery(params, account, caller, log);
    },
    putConfigurationSet: account.configurationSets.put,
    putEventDestination: account.configurationSets.putEventDestination,
    putIdentity: account.identities.add,
    inbox: createInbox({ store, clear, log }),
    set,
    failNext: account.faults.add,
    messages: () => store.list(),
    waitForMessages: store.waitFor,
    get sentCount() {
      return sentCount;
    },
    clear,
    close: async () => {
      closing.abort();
      store.close();
    },
  };
}

function createAccount(
  options: SesOptions,
  configurationSets: ConfigurationSets,
  accept: SesAccount['accept'],
): SesAccount {
  const now = options.now ?? Date.now;
  return {
    region: options.region ?? 'us-east-1',
    accountId: options.accountId ?? '000000000000',
    now,
    settings: {},
    identities: createIdentities(),
    configurationSets,
    limits: createSendLimits(now),
    statistics: createStatistics(now),
    faults: createFaults(),
    accept,
  };
}

const settingNames = [
  'sendRatePerSecond',
  'maxSend24Hours',
  'verifiedIdentities',
  'latencyMs',
  'sendingEnabled',
] as const satisfies (keyof SesSettings)[];

function applySettings(account: SesAccount, changes: SesSettings): void {
  for (const name of settingNames) if (name in changes) Object.assign(account.settings, { [name]: changes[name] });
  account.identities.configure(account.settings.verifiedIdentities ?? []);
  account.limits.set({
    ratePerSecond: account.settings.sendRatePerSecond,
    max24Hours: account.settings.maxSend24Hours,
  });
}
