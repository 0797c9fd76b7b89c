import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { handOverBroadcasts } from '../core/broadcast/delivery/handover.ts';
import { handOverDue } from '../core/schedule/handover.ts';
import { requeueUnclaimed } from '../core/schedule/sweep.ts';
import { backlogFromEnvironment } from '../runtime/aws.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { required } from '../runtime/env.ts';
import { sendingFromEnvironment } from '../runtime/sending.ts';

const backend = backendFromEnvironment();
const backlog = backlogFromEnvironment();
const log = createLogger();
const metrics = createMetrics(required('DEPLOYMENT'));
const sending = sendingFromEnvironment({ table: backend.table, log });
/** The time before the time-out in which no page is begun. */
const MARGIN_MS = 5_000;

/** Runs once a minute: queues scheduled emails, and emails whose job was lost. */
export const handler = withMetrics(metrics, async (_event: unknown, context: Context) => {
  const deadlineMs = Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS;
  await sending.refresh().catch((error: unknown) => log.warn('the sending quota could not be read', { error }));
  const run = { backend, backlog, now: Date.now, log, metrics, deadlineMs };
  const handedOver = await handOverDue(run);
  const broadcasts = await handOverBroadcasts(run);
  const requeued = await requeueUnclaimed(run);
  if (handedOver + broadcasts + requeued > 0) log.info('schedule ran', { handedOver, broadcasts, requeued });
  return { handedOver, broadcasts, requeued };
});
