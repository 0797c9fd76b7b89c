import type { Context } from 'aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { createLogger } from '../adapters/logger.ts';
import { handOverDue, requeueUnclaimed } from '../core/schedule.ts';

const backend = backendFromEnvironment();
const log = createLogger();
/** Left unused before the time-out, so that a run ends between two pages. */
const MARGIN_MS = 5_000;

/** Runs once a minute: hands scheduled emails over, and queues again what never reached a worker. */
export async function handler(_event: unknown, context: Context): Promise<{ handedOver: number; requeued: number }> {
  const run = { backend, now: Date.now, log, deadlineMs: Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS };
  const handedOver = await handOverDue(run);
  const requeued = await requeueUnclaimed(run);
  if (handedOver + requeued > 0) log.info('schedule ran', { handedOver, requeued });
  return { handedOver, requeued };
}
