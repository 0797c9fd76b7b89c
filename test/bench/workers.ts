import type { LocalSendoff } from '../../lib/local/start.ts';
import { redisCommand } from './redis-commands.ts';

/** Keeps all workers from taking jobs, those of emails or those of the user's tasks; the answer releases them. */
export async function holdWorkers(
  local: LocalSendoff,
  of: 'emails' | 'tasks' = 'emails',
): Promise<() => Promise<void>> {
  return local.redis ? holdConsumers(local, of) : holdQueues(local);
}

async function holdQueues(local: LocalSendoff): Promise<() => Promise<void>> {
  const release = holdReceives(local);
  return async () => release();
}

/** Keeps functions from receiving messages of SQS, all or those whose logical id contains a text; the answer releases them. */
export function holdReceives({ cloud }: LocalSendoff, functionName?: string): () => void {
  const { promise: until, resolve } = Promise.withResolvers<void>();
  const effect = { kind: 'hold', until } as const;
  const which = functionName === undefined ? {} : { functionName };
  const hold = cloud.faults.add({ service: 'sqs', action: 'ReceiveMessage', ...which, when: 'before', effect });
  return () => {
    hold.remove();
    resolve();
  };
}

/** More than a deployment may have consumers. */
const PLACES = 1_000;

/**
 * While `@` says that a consumer is at work, no accept invokes one. A consumer that is invoked all the same (when the answer to an
 * accept was lost, or by the watchdog) finds all places taken.
 */
async function holdConsumers(local: LocalSendoff, of: 'emails' | 'tasks'): Promise<() => Promise<void>> {
  const [suffix, consumer] = of === 'emails' ? ['', 'RedisConsumer'] : ['-tasks', 'RedisTasksFunction'];
  const [timers, consumers] = ['timers', 'drainers'].map(
    (name) => `{sendoff:${local.cloud.outputs.RedisNamespace}${suffix}}:${name}`,
  ) as [string, string];
  // One that is at work would go on with the jobs to come, and renew `@` for some seconds only.
  await local.cloud.idle();
  const untilMs = String(Date.now() + 3_600_000);
  await redisCommand(local, 'ZADD', timers, untilMs, '@');
  const places = Array.from({ length: PLACES }, (_, place) => [untilMs, `held-${place}`]).flat();
  await redisCommand(local, 'ZADD', consumers, ...places);
  return async () => {
    await redisCommand(local, 'DEL', consumers);
    await redisCommand(local, 'ZREM', timers, '@');
    void local.cloud.function(consumer).invoke({});
  };
}
