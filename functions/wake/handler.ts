import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { redisFromEnvironment } from '../adapters/redis-environment.ts';
import { wakeWhenDue } from './wake.ts';

const log = createLogger();
const client = redisFromEnvironment(log);
/** A little longer than the minute until the next run. */
const RUN_MS = 62_000;
/** Left unused before the time-out. */
const MARGIN_MS = 2_000;

/** Runs once a minute: rings for a drainer when a delayed job is due or a drainer died. */
export async function handler(_event: unknown, context: Context): Promise<{ rings: number }> {
  const rings = await wakeWhenDue({
    client,
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    endMs: Date.now() + Math.min(RUN_MS, context.getRemainingTimeInMillis() - MARGIN_MS),
  });
  if (rings > 0) log.info('rang', { rings });
  return { rings };
}
