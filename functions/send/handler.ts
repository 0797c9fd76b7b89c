import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { type AudienceTaskDependencies, audienceTasks } from '../core/audience/tasks.ts';
import { type BroadcastDependencies, broadcastTasks } from '../core/broadcast/tasks.ts';
import { createClaims } from '../core/email/send/claims.ts';
import { emailTasks, type SendDependencies } from '../core/email/send/send.ts';
import { SCHEDULE_STOPPED_MS } from '../core/pacing/sending-state.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { required } from '../runtime/env.ts';
import { sendDependencies } from '../runtime/send-dependencies.ts';
import { createSqsHandler } from '../runtime/sqs-handler.ts';

const backend = backendFromEnvironment();
const metrics = createMetrics(required('DEPLOYMENT'));
const log = createLogger();
// Never renewed: a lease outlasts its invocation. A job that was frozen unfinished finds its lease ended, and does not send.
const claims = createClaims({ table: backend.table, now: Date.now, log });

/** Sends the emails of a batch of jobs. */
export const handler = withMetrics(
  metrics,
  createSqsHandler<SendDependencies & BroadcastDependencies & AudienceTaskDependencies>('send', {
    tasks: [...emailTasks, ...broadcastTasks, ...audienceTasks],
    dependencies: { ...sendDependencies(backend, { metrics, log, staleMs: SCHEDULE_STOPPED_MS }), claims },
    broker: backend.broker,
    log,
  }),
);
