import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { handOverBroadcasts } from '../core/broadcast/delivery/handover.ts';
import { handOverDue } from '../core/schedule/handover.ts';
import { requeueUnclaimed } from '../core/schedule/sweep.ts';
import { backlogFromEnvironment } from '../runtime/aws.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { required } from '../runtime/env.ts';
import type { ScheduledTasks } from '../runtime/scheduled-tasks.ts';
import { sendingFromEnvironment } from '../runtime/sending.ts';
import { tasksManifest } from '../runtime/tasks/tasks-manifest.ts';

const backend = backendFromEnvironment();
const backlog = backlogFromEnvironment();
const log = createLogger();
const metrics = createMetrics(required('DEPLOYMENT'));
const sending = sendingFromEnvironment({ table: backend.table, log });
/** The time before the time-out in which no page is begun. */
const MARGIN_MS = 5_000;

let scheduledTasks: Promise<ScheduledTasks> | undefined;

/** Runs once a minute: queues scheduled emails and runs of tasks that are due, and emails whose job was lost. */
export const handler = withMetrics(metrics, async (_event: unknown, context: Context) => {
  const deadlineMs = Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS;
  // Beside each other: many emails must not delay a clock, nor a clock an email.
  const [emails, tasks] = await Promise.allSettled([handOverEmails(deadlineMs), handOverTasks(deadlineMs)]);
  if (emails.status === 'rejected') throw emails.reason;
  if (tasks.status === 'rejected') throw tasks.reason;
  const done = { ...emails.value, ...tasks.value };
  if (Object.values(done).some((count) => count > 0)) log.info('schedule ran', done);
  return done;
});

async function handOverEmails(deadlineMs: number) {
  await sending.refresh().catch((error: unknown) => log.warn('the sending quota could not be read', { error }));
  const run = { backend, backlog, now: Date.now, log, metrics, deadlineMs };
  const handedOver = await handOverDue(run);
  const broadcasts = await handOverBroadcasts(run);
  const requeued = await requeueUnclaimed(run);
  return { handedOver, broadcasts, requeued };
}

async function handOverTasks(deadlineMs: number) {
  const manifest = tasksManifest();
  if (!manifest) return {};
  scheduledTasks ??= import('../runtime/scheduled-tasks.ts').then(({ createScheduledTasks }) =>
    createScheduledTasks(backend, manifest, log),
  );
  return (await scheduledTasks).handOver(deadlineMs);
}
