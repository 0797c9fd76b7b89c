import { Redis } from '@upstash/redis';
import { type QueueName, queueNames } from '../../core/queues.ts';
import { gather } from './gather.ts';
import { redisKeys } from './keys.ts';
import type { Operation, RedisValue } from './lua/operation.ts';
import { createUpstashRequester, type UpstashOptions } from './requester.ts';
import { askAgain, createRunScript } from './run-script.ts';

export type { RedisValue };

/** Something that must happen at a time: its name, and when (epoch ms). */
export interface Timer {
  readonly name: string;
  readonly atMs: number;
}

/** The state that the watchdog reads once a minute. */
export interface Peek {
  readonly first: Timer | undefined;
  readonly deadLetters: number;
}

/** The database, as this project uses it. */
export interface RedisClient {
  /** Runs an operation; those asked for at the same moment share a round trip. */
  run(operation: Operation): Promise<RedisValue>;
  /** Runs operations in one script, with nothing in between; one answer each. Rejects if any fails. */
  runAll(operations: readonly Operation[]): Promise<RedisValue[]>;
  /** The first of all that must happen at a time; one command. */
  firstTimer(): Promise<Timer | undefined>;
  /** The same, and how many dead letters there are: two commands in a round trip, where a script would bill three. */
  peek(): Promise<Peek>;
  /** The queues of the namespace; answers about all queues have this order. */
  readonly queues: readonly QueueName[];
  /** The full name of a document's or a body's key. */
  readonly keyOf: (key: string) => string;
}

export interface RedisClientOptions extends UpstashOptions {
  /** Keeps the deployments that share a database apart. */
  readonly namespace: string;
  /** The queues of the namespace; those of every deployment if absent. */
  readonly queues?: readonly QueueName[];
  /** Called, and awaited, when a job was queued and no consumer is at work. */
  readonly invokeConsumer: () => Promise<void>;
  readonly now?: () => number;
}

/** `@upstash/redis` asks for an address, but only the requester knows ours and sends the requests. */
const UNUSED_ADDRESS = { url: 'https://localhost', token: 'none' };

/** Timers have the score of their time, 0 or more. Members with a negative score mark queues that are being shared (lua/fairness.ts). */
const FIRST_TIMER = { byScore: true, withScores: true, offset: 0, count: 1 } as const;

/** Opens the database; connects with the first operation. */
export function createRedisClient(options: RedisClientOptions): RedisClient {
  const { namespace, queues = queueNames, invokeConsumer, now = Date.now } = options;
  const requester = createUpstashRequester(options);
  // Deserialization would make numbers of texts that look like some, and objects of JSON that is not ours to parse yet. `gather`
  // has put commands of one moment together: another pipeline around each would only take CPU.
  const redis = new Redis({
    ...UNUSED_ADDRESS,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
  });
  redis.use((request) => requester.request(request));
  const keys = redisKeys(namespace, queues);
  const runAll = gather(createRunScript({ redis, requester, keys: keys.all, invokeConsumer, now }));
  return {
    queues,
    keyOf: (key) => keys.documents + key,
    runAll,
    run: async (operation) => {
      const [answer = null] = await runAll([operation]);
      return answer;
    },
    firstTimer: async () => timerOf(await askAgain(() => redis.zrange<string[]>(keys.timers, 0, '+inf', FIRST_TIMER))),
    peek: async () => {
      const commands = () => redis.pipeline().zrange<string[]>(keys.timers, 0, '+inf', FIRST_TIMER);
      const [timers, deadLetters] = await askAgain(() => commands().xlen(keys.dead).exec());
      return { first: timerOf(timers), deadLetters };
    },
  };
}

function timerOf([name, score]: readonly string[]): Timer | undefined {
  return name === undefined ? undefined : { name, atMs: Number(score) };
}
