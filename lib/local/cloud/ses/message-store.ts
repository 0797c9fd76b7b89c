import { randomUUID } from 'node:crypto';
import type { SesMessage } from './message.ts';

/** Limit of the memory for kept messages, beside `maxMessages`: mails can have 10 MB. */
const MAX_KEPT_CHARACTERS = 512 * 1024 * 1024;

/** The accepted messages in memory, oldest first. */
export type MessageStore = {
  add(message: SesMessage): void;
  get(messageId: string): SesMessage | undefined;
  /** Messages behind `after` (an id; an unknown one means from the start), `limit` of them at most. */
  list(page?: { after?: string | undefined; limit?: number | undefined }): SesMessage[];
  clear(): void;
  /** Messages added since the start, dropped and cleared ones included. */
  readonly addedCount: number;
  /** Changes with every add, clear and start; pollers compare it. */
  readonly version: string;
  /** Resolves when `count` messages have been added since the start or the last clear, with those still kept. */
  waitFor(count: number): Promise<SesMessage[]>;
  /** Rejects all pending `waitFor` calls. */
  close(): void;
};

/** Keeps the newest `maxMessages`; `kept` are messages of an earlier run, which `waitFor` does not count. */
export function createMessageStore(maxMessages: number, kept: SesMessage[] = []): MessageStore {
  const messages = new Map(kept.map((message) => [message.messageId, message]));
  let keptCharacters = kept.reduce((total, { raw }) => total + raw.length, 0);
  let addedCount = 0;
  let clearedAtCount = 0;
  const startId = randomUUID();
  let version = 0;
  const waiters = createWaiters();

  const dropOldest = () => {
    for (const [id, { raw }] of messages) {
      if (messages.size <= maxMessages && keptCharacters <= MAX_KEPT_CHARACTERS) return;
      messages.delete(id);
      keptCharacters -= raw.length;
    }
  };
  return {
    add: (message) => {
      messages.set(message.messageId, message);
      keptCharacters += message.raw.length;
      addedCount += 1;
      version += 1;
      dropOldest();
      waiters.reached(addedCount - clearedAtCount);
    },
    get: (messageId) => messages.get(messageId),
    list: ({ after, limit } = {}) => {
      const all = [...messages.values()];
      const start = after === undefined ? 0 : all.findIndex(({ messageId }) => messageId === after) + 1;
      return all.slice(start, limit === undefined ? undefined : start + limit);
    },
    clear: () => {
      messages.clear();
      keptCharacters = 0;
      clearedAtCount = addedCount;
      version += 1;
    },
    get addedCount() {
      return addedCount;
    },
    get version() {
      return `${startId}-${version}`;
    },
    waitFor: async (count) => {
      if (addedCount - clearedAtCount < count) await waiters.wait(count);
      return [...messages.values()];
    },
    close: waiters.close,
  };
}

function createWaiters() {
  let waiting: { count: number; resolve: () => void; reject: (reason: Error) => void }[] = [];
  return {
    wait: (count: number) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ count, resolve, reject });
      }),
    reached: (reachedCount: number) => {
      if (waiting.length === 0) return;
      for (const { count, resolve } of waiting) if (count <= reachedCount) resolve();
      waiting = waiting.filter(({ count }) => count > reachedCount);
    },
    close: () => {
      for (const { count, reject } of waiting) reject(new Error(`the local SES closed before message ${count} came`));
      waiting = [];
    },
  };
}
