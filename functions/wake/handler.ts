import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { redisFromEnvironment } from '../adapters/redis-environment.ts';
import { wakeWhenDue, watchUntilDone } from './wake.ts';

const log = createLogger();
const client = redisFromEnvironment(log);
/** A little longer than the minute until the next run. */
const RUN_MS = 62_000;
/** Left unused before the time-out. */
const MARGIN_MS = 2_000;

/** Rings for a drainer when a delayed job is due or a drainer died; runs once a minute, and when a drainer has more to do than a moment's work. */
export async function handler(event: { byDrainer?: boolean }, context: Context): Promise<{ rings: number }> {
  const run = event.byDrainer ? watchUntilDone : wakeWhenDue;
  const rings = await run({
    client,
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    endMs: Date.now() + Math.min(RUN_MS, context.getRemainingTimeInMillis() - MARGIN_MS),
  });
  if (rings > 0) log.info('rang', { rings });
  return { rings };
}
