import { createAccept } from './accept.ts';
import { applySettings, createAccount } from './account.ts';
import { answerQuery, type QueryAnswer } from './api/query-api.ts';
import type { SesCaller } from './api/ses-action.ts';
import type { EventDestination } from './configuration-sets.ts';
import type { OutcomeOptions } from './events/event-details.ts';
import { createEventPublisher, type EventPublisher } from './events/events.ts';
import type { Faults } from './faults.ts';
import { createInbox, type InboxHandler } from './inbox/inbox.ts';
import { openJournal } from './journal.ts';
import { createLatency } from './latency.ts';
import type { SesMessage } from './message.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';
import { scanHeaders } from './raw-headers.ts';
import { createRelay } from './relay.ts';
import type { SesOptions, SesSettings } from './ses-options.ts';
import type { Outcome } from './simulator.ts';

/** The local SES: the local cloud mounts it, tests inspect it. */
export type Ses = {
  /** Answers one request of the SES v1 Query API; the caller's permissions are checked before. */
  query(params: URLSearchParams, caller?: SesCaller): Promise<QueryAnswer>;
  putConfigurationSet(name: string): void;
  /** Pauses sending with a configuration set, or ends that. */
  setSendingEnabled(configurationSet: string, enabled: boolean): void;
  putEventDestination(configurationSet: string, destination: EventDestination): void;
  /** Adds a verified address or domain. */
  putIdentity(name: string, mailFromDomain?: string): void;
  inbox: InboxHandler;
  /** Changes limits and switches at run time; a key that is present with `undefined` lifts its limit. */
  set(settings: SesSettings): void;
  /** Lets the next sends fail with an AWS error code such as `Throttling` or `ServiceUnavailable`. */
  failNext: Faults['add'];
  /** Publishes an event of a kept message, e.g. `opened`; for its first recipient by default. */
  simulate(messageId: string, outcome: Outcome, options?: SimulateOptions): Promise<void>;
  /** Kept messages, oldest first. */
  messages(): SesMessage[];
  /** Resolves when that many were accepted since the start or the last emptying of the inbox. */
  waitForMessages(count: number): Promise<SesMessage[]>;
  /** Messages accepted since the start, dropped and deleted ones included. */
  readonly sentCount: number;
  /** Resolves when no event waits for its time. */
  flushEvents(): Promise<void>;
  clear(): Promise<void>;
  /** Publishes events that wait for their time, ends the relay and the files. */
  close(): Promise<void>;
};

/** The recipient of a simulated event, the clicked link and the program. */
export type SimulateOptions = OutcomeOptions & { recipient?: string };

/** Starts a local SES; nothing listens, the caller mounts `query` and `inbox`. */
export async function createSes(options: SesOptions = {}): Promise<Ses> {
  const parts = await createParts(options);
  const { account, store, events, accept, log } = parts;
  const latency = createLatency();
  const clear = () => clearMessages(parts);
  const simulate = createSimulate(store, events);
  const set = (settings: SesSettings) => applySettings(account, settings);
  let closed: Promise<void> | undefined;
  return {
    query: async (params, caller = {}) => {
      await latency.pass(account.settings.latencyMs ?? 0);
      return answerQuery(params, { ...account, caller, accept }, log);
    },
    putConfigurationSet: account.configurationSets.put,
    setSendingEnabled: account.configurationSets.setSendingEnabled,
    putEventDestination: account.configurationSets.putEventDestination,
    putIdentity: account.identities.add,
    inbox: createInbox({ store, clear, simulate, log, set, settings: () => account.settings }),
    set,
    failNext: account.faults.add,
    simulate,
    messages: () => store.list(),
    waitForMessages: store.waitFor,
    get sentCount() {
      return store.addedCount;
    },
    flushEvents: events.flush,
    clear,
    close: () => {
      latency.end();
      closed ??= closeParts(parts);
      return closed;
    },
  };
}

type SesParts = Awaited<ReturnType<typeof createParts>>;

async function createParts(options: SesOptions) {
  const { maxMessages = 10_000, dataDirectory, onSent } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const journal = dataDirectory === undefined ? undefined : await openJournal(dataDirectory, maxMessages, log);
  const relay = options.relay && (await createRelay(options.relay, log));
  const store = createMessageStore(maxMessages, journal?.kept);
  const account = createAccount(options);
  const events = createEventPublisher({
    ...account,
    topicsFor: account.configurationSets.topicsFor,
    publish: options.publish,
    delayMs: options.eventDelayMs,
    log,
  });
  const accept = createAccept({ journal, store, statistics: account.statistics, events, relay, onSent });
  return { account, journal, relay, store, events, accept, log };
}

async function clearMessages({ store, journal }: SesParts): Promise<void> {
  store.clear();
  await journal?.clear();
}

async function closeParts({ store, events, relay, journal }: SesParts): Promise<void> {
  store.close();
  await events.close();
  await relay?.close();
  await journal?.close();
}

function createSimulate(store: MessageStore, events: EventPublisher): Ses['simulate'] {
  return async (messageId, outcome, { recipient, ...details } = {}) => {
    const message = store.get(messageId);
    if (!message) throw new Error(`the local SES keeps no message ${messageId}`);
    const whom = recipient ?? message.envelope.to[0] ?? '';
    await events.report(message, scanHeaders(message.raw), { recipient: whom, outcome }, details);
  };
}
