import type { ContactProperty } from '../../audience/property.ts';
import { type Topic, topicKey } from '../../audience/topic.ts';
import type { Table } from '../../ports/table.ts';
import { type Broadcast, broadcastKey } from '../broadcast.ts';
import {
  type BroadcastContent,
  contentKey,
  type MergeLookups,
  type PreparedContent,
  prepareContent,
} from '../content.ts';

/** The reads that the chunks of a process share. */
export interface BroadcastReader {
  /** The broadcast as it is. */
  fresh(id: string): Promise<Broadcast | undefined>;
  /** The broadcast as it was at most a second ago. */
  recent(id: string): Promise<Broadcast | undefined>;
  /** The content, ready to be filled; undefined if it is gone. It never changes. */
  content(contentId: string): Promise<PreparedContent | undefined>;
  /** The topic as it was at most a minute ago; undefined if there is none. */
  topic(id: string): Promise<Topic | undefined>;
  /** The fallbacks of properties as they were at most a minute ago. */
  propertyFallback(): Promise<NonNullable<MergeLookups['propertyFallback']>>;
}

export interface ReaderDependencies {
  readonly table: Table;
  readonly properties: () => Promise<readonly ContactProperty[]>;
  /** Makes a text part of html; undefined when there is none to be made. */
  readonly toText: (html: string) => Promise<string | undefined>;
  /** Whether a broadcast without an unsubscribe link gets one at its end. */
  readonly footer: boolean;
  readonly now: () => number;
}

/** A pause or a cancellation takes effect after this time. */
const STATUS_MS = 1_000;
const SETTINGS_MS = 60_000;
/** Broadcasts and contents in memory; a content may have 1 MB. */
const MOST_KEPT = 20;

/** Makes the reader of a process. */
export function createBroadcastReader(dependencies: ReaderDependencies): BroadcastReader {
  const { table, properties, toText, footer, now } = dependencies;
  const broadcasts = createCache((id) => table.get<Broadcast>(broadcastKey(id)), now);
  const contents = createCache(async (id) => {
    const content = await table.get<BroadcastContent>(contentKey(id));
    return content && prepareContent(content, { footer, toText });
  }, now);
  const topics = createCache((id) => table.get<Topic>(topicKey(id)), now);
  const fallbacks = createCache(async () => {
    const byKey = new Map((await properties()).map(({ key, fallbackValue }) => [key, fallbackValue]));
    return (key: string) => byKey.get(key);
  }, now);
  return {
    fresh: (id) => broadcasts.read(id, 0),
    recent: (id) => broadcasts.read(id, STATUS_MS),
    content: (id) => contents.read(id, Number.POSITIVE_INFINITY),
    topic: (id) => topics.read(id, SETTINGS_MS),
    propertyFallback: () => fallbacks.read('all', SETTINGS_MS),
  };
}

/** Keeps the last answers. Questions of the same moment share one; errors are not kept, and neither is that there is nothing. */
function createCache<T>(ask: (key: string) => Promise<T>, now: () => number) {
  const known = new Map<string, { readonly answer: Promise<T>; readonly askedAtMs: number }>();
  const forget = (key: string, answer: Promise<T>) => {
    if (known.get(key)?.answer === answer) known.delete(key);
  };
  return {
    read(key: string, maxAgeMs: number): Promise<T> {
      const standing = known.get(key);
      if (standing && now() - standing.askedAtMs < maxAgeMs) return standing.answer;
      const answer = ask(key);
      known.delete(key);
      known.set(key, { answer, askedAtMs: now() });
      answer.then((value) => value === undefined && forget(key, answer)).catch(() => forget(key, answer));
      const [oldest] = known.keys();
      if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest);
      return answer;
    },
  };
}
