import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { startFunction } from '../adapters/aws/invoke.ts';
import { createSesMailer } from '../adapters/aws/ses-mailer.ts';
import { fetchFile } from '../adapters/http/fetch-file.ts';
import { createPostWebhook } from '../adapters/http/post-webhook.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { composeMime } from '../adapters/mime/compose.ts';
import { createRedisBackend } from '../adapters/redis/backend.ts';
import { createDrainerQueue } from '../adapters/redis/consumer.ts';
import { createClaims } from '../core/email/claims.ts';
import { emailSend, emailSent, type SendDependencies } from '../core/email/send.ts';
import { type QueueName, queueNames, queues } from '../core/queues.ts';
import { createOutgoingHeaders } from '../core/suppression/unsubscribe-link.ts';
import { createWorker } from '../core/task/worker.ts';
import { type DeliveryDependencies, deliverWebhook } from '../core/webhook/delivery.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import { localEndpointsAllowed, required, requiredNumber } from '../runtime/env.ts';
import { redisFromEnvironment, ringFromEnvironment } from '../runtime/redis.ts';
import { type DrainResult, drain } from './consume.ts';

const log = createLogger();
const ring = ringFromEnvironment(log);
const client = redisFromEnvironment(log, ring);
const backend = createRedisBackend(client);
const mailer = createSesMailer(required('CONFIGURATION_SET'));
const outgoingHeaders = createOutgoingHeaders(backend.table, required('PUBLIC_URL'));
const metrics = createMetrics(required('DEPLOYMENT'));
const newName = () => randomUUID();

type Dependencies = SendDependencies & DeliveryDependencies;

const dependencies: Omit<Dependencies, 'claims'> = {
  ...backend,
  mailer,
  compose: async (record, body, fetchMs) =>
    composeMime(record, { ...body, headers: await outgoingHeaders(record, body.headers) }, fetchFile, fetchMs),
  publish: createPublish(backend, Date.now),
  metrics,
  post: createPostWebhook({ allowLocal: localEndpointsAllowed() }),
  region: required('AWS_REGION'),
  random: Math.random,
};

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
  const work = createWorker<Dependencies>({
    tasks: [emailSend, emailSent, deliverWebhook],
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
      inFlight: Object.fromEntries(queueNames.map((name) => [name, queues[name].inFlight])) as Record<
        QueueName,
        number
      >,
      flushMetrics: metrics.flush,
      renewClaims: claims.renew,
      deadlineMs: Date.now() + context.getRemainingTimeInMillis(),
    },
    event.replaces,
  ).finally(claims.endAll);
  log.info('drained', { ...result });
  return result;
});
