import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { type QueueState, writeQueueState } from '../adapters/metrics.ts';
import { required } from '../runtime/env.ts';
import { redisFromEnvironment } from '../runtime/redis.ts';
import { runMinute, watchUntilDone } from './watch.ts';

const log = createLogger();
const client = redisFromEnvironment(log);
const deployment = required('DEPLOYMENT');
/** A little longer than the minute until the next run. */
const RUN_MS = 62_000;
/** Left unused before the time-out. */
const MARGIN_MS = 2_000;

/** Rings for a drainer when a delayed job is due or a drainer died, and tells how the queues stand; runs once a minute, and beside a drainer that nobody watches. */
export async function handler(event: { byDrainer?: boolean }, context: Context): Promise<{ rings: number }> {
  const dependencies = {
    client,
    now: Date.now,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    endMs: Date.now() + Math.min(RUN_MS, context.getRemainingTimeInMillis() - MARGIN_MS),
    report: (state: QueueState) => writeQueueState(deployment, state),
    log,
  };
  const rings = await (event.byDrainer ? watchUntilDone(dependencies) : runMinute(dependencies));
  if (rings > 0) log.info('rang', { rings });
  return { rings };
}
