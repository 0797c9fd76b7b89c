import type { LocalSendoff } from '../../lib/local/start.ts';
import { redisCommand } from './redis-commands.ts';

/** Keeps all workers from taking jobs; the answer releases them. */
export async function holdWorkers(local: LocalSendoff): Promise<() => Promise<void>> {
  return local.redis ? holdConsumers(local) : holdQueues(local);
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

/** While `@` says that a consumer is at work, no accept invokes one. */
async function holdConsumers(local: LocalSendoff): Promise<() => Promise<void>> {
  const timers = `{sendoff:${local.cloud.outputs.RedisNamespace}}:timers`;
  await redisCommand(local, 'ZADD', timers, String(Date.now() + 3_600_000), '@');
  return async () => {
    await redisCommand(local, 'ZREM', timers, '@');
    void local.cloud.function('RedisConsumer').invoke({});
  };
}
