import type { Context } from 'aws-lambda';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { type AudienceTaskDependencies, audienceTasks } from '../core/audience/tasks.ts';
import { type BroadcastDependencies, broadcastTasks } from '../core/broadcast/tasks.ts';
import { createClaims } from '../core/email/send/claims.ts';
import { emailTasks, type SendDependencies } from '../core/email/send/send.ts';
import { type QueueName, queues, queuesOf } from '../core/queues.ts';
import { createWorker } from '../core/task/worker.ts';
import { type DeliveryDependencies, deliverWebhook } from '../core/webhook/delivery.ts';
import type { ConsumeResult } from '../runtime/consumer/consume.ts';
import { type ConsumerEvent, runConsumer } from '../runtime/consumer/run-consumer.ts';
import { required } from '../runtime/env.ts';
import { invokeConsumerFromEnvironment, redisFromEnvironment } from '../runtime/redis.ts';
import { sendDependencies } from '../runtime/send-dependencies.ts';
import { webhookDependencies } from '../runtime/webhook-dependencies.ts';

const log = createLogger();
const invokeConsumer = invokeConsumerFromEnvironment(log);
const client = redisFromEnvironment(log, process.env, invokeConsumer);
const backend = createRedisBackend(client);
const metrics = createMetrics(required('DEPLOYMENT'));

// No schedule asks SES for the quotas: the consumer does, while there is something to send.
const dependencies = { ...sendDependencies(backend, { metrics, log }), ...webhookDependencies(backend) };

const { sending } = dependencies;
const mostToTake = (queue: QueueName): number =>
  queuesOf('send').includes(queue) ? sending.mostToTake(queue) : Number.POSITIVE_INFINITY;

interface VersionedEvent extends ConsumerEvent {
  /** `watchdog` as functions of version 0.1 name it: those that are not updated yet during a deployment. */
  readonly watcher?: string;
}

/** Sends queued emails and posts events to webhooks until no job is left; invoked when a job is queued and no consumer works. */
export const handler = withMetrics(metrics, async (event: VersionedEvent, context: Context): Promise<ConsumeResult> => {
  // New for each invocation: one that was frozen with an email unfinished must not send it when it goes on later.
  const claims = createClaims({ table: backend.table, now: Date.now, log });
  const work = createWorker<SendDependencies & BroadcastDependencies & AudienceTaskDependencies & DeliveryDependencies>(
    {
      tasks: [...emailTasks, ...broadcastTasks, ...audienceTasks, deliverWebhook],
      dependencies: { ...dependencies, claims },
      broker: backend.broker,
      log,
      concurrency: 1,
      now: Date.now,
      random: Math.random,
    },
  );
  return runConsumer({ replaces: event.replaces, watchdog: event.watchdog ?? event.watcher }, context, {
    client,
    env: process.env,
    work,
    invokeConsumer,
    log,
    // Emails that must wait anyway stay on the queue: to take and postpone each of a backlog costs commands again and again.
    inFlight: (queue) => Math.min(queues[queue].inFlight, mostToTake(queue)),
    lookAtHolds: sending.look,
    flushMetrics: metrics.flush,
    renewClaims: claims.renew,
    isLimiting: dependencies.pacer.isLimiting,
  }).finally(claims.endAll);
});
