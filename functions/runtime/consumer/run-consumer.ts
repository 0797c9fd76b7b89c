import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { invokeFunction } from '../../adapters/aws/invoke.ts';
import type { RedisClient } from '../../adapters/redis/client.ts';
import { createConsumerQueue } from '../../adapters/redis/consumer.ts';
import { type Environment, requiredNumber } from '../env.ts';
import { type ConsumeResult, consume } from './consume.ts';
import type { ConsumeDependencies } from './dependencies.ts';

/** The event that invokes a consumer. */
export interface ConsumerEvent {
  /** The place to take among the consumers. */
  readonly replaces?: string | undefined;
  /** The function to start as watchdog if none is running; absent when a watchdog invokes. */
  readonly watchdog?: string | undefined;
}

/** The parts of a consumer that differ between the functions. */
export interface ConsumerParts
  extends Omit<ConsumeDependencies, 'queue' | 'queues' | 'startWatchdog' | 'newName' | 'now' | 'deadlineMs'> {
  readonly client: RedisClient;
  readonly env: Environment;
}

/** One invocation of a consumer: works on the client's queues until no job is left, or hands over before the time-out. */
export async function runConsumer(
  { replaces, watchdog }: ConsumerEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  { client, env, ...parts }: ConsumerParts,
): Promise<ConsumeResult> {
  const { log } = parts;
  const newName = () => randomUUID();
  const queue = createConsumerQueue(client, {
    name: newName(),
    maxConsumers: requiredNumber('MAX_CONSUMERS', env),
    maxReceiveCount: requiredNumber('MAX_RECEIVE_COUNT', env),
    watched: watchdog === undefined,
  });
  const startWatchdog = async () => {
    if (watchdog) await invokeFunction(watchdog, { byConsumer: true }, log);
  };
  const deadlineMs = Date.now() + context.getRemainingTimeInMillis();
  const { queues } = client;
  const result = await consume(
    { ...parts, queue, queues, startWatchdog, newName, now: Date.now, deadlineMs },
    replaces,
  );
  log.info('consumed', { ...result });
  return result;
}
