import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { invokeFunction } from '../adapters/aws/invoke.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { createConsumerQueue } from '../adapters/redis/consumer.ts';
import { type AudienceTaskDependencies, audienceTasks } from '../core/audience/tasks.ts';
import { type BroadcastDependencies, broadcastTasks } from '../core/broadcast/tasks.ts';
import { createClaims } from '../core/email/claims.ts';
import { emailTasks, type SendDependencies } from '../core/email/send.ts';
import { type QueueName, queues, queuesOf } from '../core/queues.ts';
import { createWorker } from '../core/task/worker.ts';
import { type DeliveryDependencies, deliverWebhook } from '../core/webhook/delivery.ts';
import { type ConsumeResult, consume } from '../runtime/consumer/consume.ts';
import { required, requiredNumber } from '../runtime/env.ts';
import { invokeConsumerFromEnvironment, redisFromEnvironment } from '../runtime/redis.ts';
import { sendDependencies } from '../runtime/send-dependencies.ts';
import { webhookDependencies } from '../runtime/webhook-dependencies.ts';

const log = createLogger();
const invokeConsumer = invokeConsumerFromEnvironment(log);
const client = redisFromEnvironment(log, process.env, invokeConsumer);
const backend = createRedisBackend(client);
const metrics = createMetrics(required('DEPLOYMENT'));
const newName = () => randomUUID();

// No schedule asks SES for the quotas: the consumer does, while there is something to send.
const dependencies = { ...sendDependencies(backend, { metrics, log }), ...webhookDependencies(backend) };

const { sending } = dependencies;
const mostToTake = (queue: QueueName): number =>
  queuesOf('send').includes(queue) ? sending.mostToTake(queue) : Number.POSITIVE_INFINITY;

interface ConsumerEvent {
  /** The place to take among the consumers. */
  readonly replaces?: string;
  /** The function to start as watchdog if none is running; absent when a watchdog invokes. */
  readonly watchdog?: string;
  /** `watchdog` as functions of version 0.1 name it: those that are not updated yet during a deployment. */
  readonly watcher?: string;
}

/** Sends queued emails and posts events to webhooks until no job is left; invoked when a job is queued and no consumer works. */
export const handler = withMetrics(metrics, async (event: ConsumerEvent, context: Context): Promise<ConsumeResult> => {
  const watchdog = event.watchdog ?? event.watcher;
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
  const options = {
    name: newName(),
    maxConsumers: requiredNumber('MAX_CONSUMERS'),
    maxReceiveCount: requiredNumber('MAX_RECEIVE_COUNT'),
    watched: watchdog === undefined,
  };
  const result = await consume(
    {
      queue: createConsumerQueue(client, options),
      work,
      invokeConsumer,
      startWatchdog: async () => {
        if (watchdog) await invokeFunction(watchdog, { byConsumer: true }, log);
      },
      newName,
      now: Date.now,
      log,
      queues: client.queues,
      // Emails that must wait anyway stay on the queue: to take and postpone each of a backlog costs commands again and again.
      inFlight: (queue) => Math.min(queues[queue].inFlight, mostToTake(queue)),
      lookAtHolds: sending.look,
      flushMetrics: metrics.flush,
      renewClaims: claims.renew,
      isLimiting: dependencies.pacer.isLimiting,
      deadlineMs: Date.now() + context.getRemainingTimeInMillis(),
    },
    event.replaces,
  ).finally(claims.endAll);
  log.info('consumed', { ...result });
  return result;
});
