import { createHash } from 'node:crypto';
import type { Redis, Requester } from '@upstash/redis';
import { unavailable } from '../../core/errors.ts';
import { lostConnection, mayBeExecuted } from './errors.ts';
import { type Operation, type RedisValue, scriptArguments } from './lua/operation.ts';
import { redisScript } from './lua/script.ts';

/** The result of an operation: 1 and its answer, or 0 and the text of Redis' error. */
export type Result = readonly [ok: 0 | 1, answer: RedisValue];

export interface ScriptOptions {
  readonly redis: Redis;
  readonly requester: Requester;
  /** The KEYS of the script. */
  readonly keys: readonly string[];
  /** Called, and awaited, when a job was queued and no consumer is at work. */
  readonly invokeConsumer: () => Promise<void>;
  readonly now: () => number;
}

/** The operations that queue a job, and so may need a consumer. */
const QUEUEING = new Set(['send', 'submit', 'updatesend', 'redrive']);

/** Runs the script, and invokes a consumer if it says so. The first run checks that the server does not evict. */
export function createRunScript({ redis, requester, keys, invokeConsumer, now }: ScriptOptions) {
  const sha = createHash('sha1').update(redisScript).digest('hex');
  let checked = false;
  return async (operations: readonly Operation[]): Promise<readonly Result[]> => {
    if (!checked) await refuseEviction(requester);
    checked = true;
    const args = scriptArguments(now(), operations);
    // When an answer is lost, a job may be queued and nobody knows whether a consumer is needed: then one is invoked.
    let mayBeQueued = false;
    const ask = () =>
      evaluate(redis, sha, [...keys], args).catch((error: unknown) => {
        mayBeQueued ||= mayBeExecuted(error) && operations.some(([name]) => QUEUEING.has(name));
        throw error;
      });
    const answer = await askAgain(ask).catch(async (error: unknown) => {
      if (mayBeQueued) await invokeConsumer();
      throw error;
    });
    const [invoke, results] = answer as [number, readonly Result[]];
    if (invoke === 1 || mayBeQueued) await invokeConsumer();
    return results;
  };
}

/**
 * Asks a second time when the connection was lost before the answer came: Redis closes connections that a frozen function keeps,
 * and a new one is all it takes. Everything here may be asked twice, as by a caller that was answered 503: a record is put once, a
 * job that is queued twice is claimed once.
 */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
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
 * With any policy but `noeviction` a full Redis deletes keys to make room. If the setting may not be read, nothing is refused:
 * Upstash has no CONFIG, and eviction is off there unless it was switched on.
 */
async function refuseEviction(requester: Requester): Promise<void> {
  const body = ['CONFIG', 'GET', 'maxmemory-policy'];
  const { result } = await requester.request<string[]>({ body }).catch(() => ({ result: undefined }));
  const policy = result?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  const remedy = 'set it to noeviction (in redis.conf, and CONFIG SET maxmemory-policy noeviction)';
  throw unavailable(`Redis has maxmemory-policy ${policy}: when it is full it would lose emails; ${remedy}`);
}
