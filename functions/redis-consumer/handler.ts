import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { startFunction } from '../adapters/aws/invoke.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { createDrainerQueue } from '../adapters/redis/consumer.ts';
import { createClaims } from '../core/email/claims.ts';
import { emailTasks, type SendDependencies } from '../core/email/send.ts';
import { createWorker } from '../core/task/worker.ts';
import { type DeliveryDependencies, deliverWebhook } from '../core/webhook/delivery.ts';
import { required, requiredNumber } from '../runtime/env.ts';
import { redisFromEnvironment, ringFromEnvironment } from '../runtime/redis.ts';
import { sendDependencies } from '../runtime/send-dependencies.ts';
import { webhookDependencies } from '../runtime/webhook-dependencies.ts';
import { type DrainResult, drain } from './consume.ts';

const log = createLogger();
const ring = ringFromEnvironment(log);
const client = redisFromEnvironment(log, ring);
const backend = createRedisBackend(client);
const metrics = createMetrics(required('DEPLOYMENT'));
const newName = () => randomUUID();

const dependencies = { ...sendDependencies(backend, metrics), ...webhookDependencies(backend) };

interface DrainEvent {
  /** The place to take among the drainers. */
  readonly replaces?: string;
  /** The function to start as watcher; absent when there is one. */
  readonly watcher?: string;
}

/** Sends queued emails and tells webhooks until nothing is left; rung for when there are jobs and no drainer is at work. */
export const handler = withMetrics(metrics, async (event: DrainEvent, context: Context): Promise<DrainResult> => {
  // Of this invocation alone: what an earlier one left unfinished when it was frozen must not send any more.
  const claims = createClaims({ table: backend.table, now: Date.now, log });
  const work = createWorker<SendDependencies & DeliveryDependencies>({
    tasks: [...emailTasks, deliverWebhook],
    dependencies: { ...dependencies, claims },
    broker: backend.broker,
    log,
    concurrency: 1,
    now: Date.now,
    random: Math.random,
  });
  const options = {
    name: newName(),
    maxConsumers: requiredNumber('MAX_CONSUMERS'),
    maxReceiveCount: requiredNumber('MAX_RECEIVE_COUNT'),
    watched: event.watcher === undefined,
  };
  const result = await drain(
    {
      queue: createDrainerQueue(client, options),
      work,
      ring,
      watch: async () => {
        if (event.watcher) await startFunction(event.watcher, { byDrainer: true }, log);
      },
      newName,
      now: Date.now,
      log,
      inFlight: {
        transactional: requiredNumber('IN_FLIGHT'),
        bulk: requiredNumber('BULK_IN_FLIGHT'),
        webhook: requiredNumber('WEBHOOK_IN_FLIGHT'),
        'webhook-slow': requiredNumber('WEBHOOK_SLOW_IN_FLIGHT'),
      },
      flushMetrics: metrics.flush,
      renewClaims: claims.renew,
      deadlineMs: Date.now() + context.getRemainingTimeInMillis(),
    },
    event.replaces,
  ).finally(claims.endAll);
  log.info('drained', { ...result });
  return result;
});
