import { createHash } from 'node:crypto';
import { Redis, type Requester } from '@upstash/redis';
import { unavailable } from '../../core/errors.ts';
import { lostConnection, mayBeExecuted, redisError } from './errors.ts';
import { createUpstashRequester, type UpstashOptions } from './requester.ts';
import { redisScript } from './scripts.ts';

/** What a script answers: text, numbers, null and lists of these. */
export type RedisValue = string | number | null | readonly RedisValue[];

/** One operation of the script, by name, with its arguments. */
export type Operation = readonly [name: string, ...args: (string | number)[]];

/** Something that must happen at a time: its name, and when (epoch ms). */
export interface Timer {
  readonly name: string;
  readonly atMs: number;
}

/** What the watchdog looks at once a minute. */
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
  /** The full name of a document's or a body's key. */
  readonly keyOf: (key: string) => string;
}

export interface RedisClientOptions extends UpstashOptions {
  /** Keeps the deployments that share a database apart. */
  readonly namespace: string;
  /** Called, and awaited, when a job was queued and no consumer is at work. */
  readonly invokeConsumer: () => Promise<void>;
  readonly now?: () => number;
}

interface Waiting {
  readonly operations: readonly Operation[];
  readonly sizeBytes: number;
  resolve(answers: RedisValue[]): void;
  reject(error: unknown): void;
}

/** Upstash takes requests of 10 MB; what is gathered ends well below, one operation alone may be larger. */
const GATHER_BYTES = 1024 * 1024;
/** While so many requests are under way, what comes is gathered into the next. */
const MAX_REQUESTS = 3;

/** The operations that queue a job, and answer whether a consumer is to be invoked. */
const QUEUEING = new Set(['send', 'submit', 'updatesend', 'redrive']);

/** Who asks `@upstash/redis` for no address: ours is known to the requester alone, which asks for it when it is needed. */
const ELSEWHERE = { url: 'https://localhost', token: 'none' };

/** Opens the database; connects with the first operation. */
export function createRedisClient(options: RedisClientOptions): RedisClient {
  const { namespace, invokeConsumer, now = Date.now } = options;
  const requester = createUpstashRequester(options);
  // Deserialization would make numbers of texts that look like some, and objects of JSON that is not ours to parse yet.
  const redis = new Redis({ ...ELSEWHERE, automaticDeserialization: false, enableTelemetry: false });
  redis.use((request) => requester.request(request));
  // One hash tag: a cluster keeps all keys of a deployment together.
  const prefix = `{sendoff:${namespace}}:`;
  const names = [
    'list',
    'due',
    'timers',
    'transactional',
    'bulk',
    'webhook',
    'dead',
    'drainers',
    'doc:',
    'watcher',
    'webhook-slow',
  ];
  const keys = names.map((name) => prefix + name);
  const sha = createHash('sha1').update(redisScript).digest('hex');
  const waiting: Waiting[] = [];
  let requests = 0;
  let scheduled = false;
  let checked = false;

  const execute = async (batch: readonly Waiting[]) => {
    const operations = batch.flatMap((one) => one.operations);
    if (!checked) await refuseEviction(requester);
    checked = true;
    const args = [String(now()), ...operations.flatMap(([name, ...rest]) => [name, rest.length, ...rest].map(String))];
    // A lost answer may have asked for a consumer: whether the job was queued is not known.
    let unanswered = false;
    const ask = () =>
      evaluate(redis, sha, keys, args).catch((error: unknown) => {
        unanswered ||= mayBeExecuted(error) && operations.some(([name]) => QUEUEING.has(name));
        throw error;
      });
    const evaluated = await again(ask).catch(async (error: unknown) => {
      if (unanswered) await invokeConsumer();
      throw error;
    });
    const [invoke, results] = evaluated as [number, readonly (readonly [number, RedisValue])[]];
    if (invoke === 1 || unanswered) await invokeConsumer();
    let next = 0;
    for (const { operations: own, resolve, reject } of batch) {
      const answers = results.slice(next, next + own.length);
      next += own.length;
      const failed = answers.find(([ok]) => ok === 0);
      if (failed) reject(redisError(String(failed[1])));
      else resolve(answers.map(([, answer]) => answer));
    }
  };

  const flush = () => {
    scheduled = false;
    while (requests < MAX_REQUESTS && waiting.length > 0) {
      const batch = takeBatch(waiting);
      requests++;
      execute(batch)
        .catch((error: unknown) => {
          for (const { reject } of batch) reject(error);
        })
        .finally(() => {
          requests--;
          flush();
        });
    }
  };

  const runAll = (operations: readonly Operation[]) =>
    new Promise<RedisValue[]>((resolve, reject) => {
      const sizeBytes = operations.flat().reduce<number>((sum, arg) => sum + String(arg).length, 0);
      waiting.push({ operations, sizeBytes, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      // Once what is to be done now has been done: operations of the same moment are then all here.
      setImmediate(flush);
    });

  return {
    keyOf: (key) => `${prefix}doc:${key}`,
    runAll,
    run: async (operation) => {
      const [answer = null] = await runAll([operation]);
      return answer;
    },
    firstTimer: async () =>
      timerOf(await again(() => redis.zrange<string[]>(`${prefix}timers`, 0, 0, { withScores: true }))),
    peek: async () => {
      const commands = () => redis.pipeline().zrange<string[]>(`${prefix}timers`, 0, 0, { withScores: true });
      const [timers, deadLetters] = await again(() => commands().xlen(`${prefix}dead`).exec());
      return { first: timerOf(timers), deadLetters };
    },
  };
}

function timerOf([name, score]: readonly string[]): Timer | undefined {
  return name === undefined ? undefined : { name, atMs: Number(score) };
}

/**
 * Asks a second time when the connection was lost before the answer came: for a kept connection that the server closed
 * while the function was frozen, a new one is all it takes. Everything here may be asked twice, which a caller does too that was
 * answered 503: a record is put once, a job that is queued twice is claimed once.
 */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch((error: unknown) => {
    if (!lostConnection(error)) throw error;
    return ask();
  });
}

async function evaluate(redis: Redis, sha: string, keys: string[], args: string[]): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys, args);
  } catch (error) {
    // A server forgets its scripts when it is restarted or fails over.
    if (!(error instanceof Error && /NOSCRIPT/.test(error.message))) throw error;
    return redis.eval(redisScript, keys, args);
  }
}

/**
 * With any policy but `noeviction` a full Redis throws away what it was given. Where the setting may not be read
 * (Upstash has no CONFIG; there eviction is off unless it was switched on) nothing is refused.
 */
async function refuseEviction(requester: Requester): Promise<void> {
  const body = ['CONFIG', 'GET', 'maxmemory-policy'];
  const { result } = await requester.request<string[]>({ body }).catch(() => ({ result: undefined }));
  const policy = result?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  const remedy = 'set it to noeviction (in redis.conf, and CONFIG SET maxmemory-policy noeviction)';
  throw unavailable(`Redis has maxmemory-policy ${policy}: when it is full it would lose emails; ${remedy}`);
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ sizeBytes }, index) => {
    bytes += sizeBytes;
    return index > 0 && bytes > GATHER_BYTES;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
