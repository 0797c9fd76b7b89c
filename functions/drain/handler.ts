import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { required, requiredNumber } from '../adapters/env.ts';
import { fetchFile } from '../adapters/fetch-file.ts';
import { createLogger } from '../adapters/logger.ts';
import { composeMime } from '../adapters/mime.ts';
import { createRedisBackend } from '../adapters/redis-backend.ts';
import { redisFromEnvironment, ringFromEnvironment } from '../adapters/redis-environment.ts';
import { createDrainerQueue } from '../adapters/redis-queue.ts';
import { startFunction } from '../adapters/ring-drainer.ts';
import { createSesMailer } from '../adapters/ses-mailer.ts';
import { emailSend, emailSent } from '../core/email-send.ts';
import { createWorker } from '../core/worker.ts';
import { type DrainResult, drain } from './drain.ts';
import { createLease } from './lease.ts';

const log = createLogger();
const ring = ringFromEnvironment(log);
const client = redisFromEnvironment(log, ring);
const backend = createRedisBackend(client);
const mailer = createSesMailer(required('CONFIGURATION_SET'));
const newName = () => randomUUID();

interface DrainEvent {
  /** The place to take among the drainers. */
  readonly replaces?: string;
  /** The function to start as watcher; absent when there is one. */
  readonly watcher?: string;
}

/** Sends queued emails until none is left; rung for when there are some and no drainer is at work. */
export async function handler(event: DrainEvent, context: Context): Promise<DrainResult> {
  // Of this invocation alone: what an earlier one left unfinished when it was frozen must not send any more.
  const lease = createLease(Date.now);
  const work = createWorker({
    tasks: [emailSend, emailSent],
    dependencies: {
      ...backend,
      mailer: lease.guard(mailer),
      compose: (record, body) => composeMime(record, body, fetchFile),
    },
    broker: backend.broker,
    log,
    concurrency: 1,
    now: Date.now,
    random: Math.random,
  });
  const options = {
    name: newName(),
    maxDrainers: requiredNumber('MAX_DRAINERS'),
    maxReceiveCount: requiredNumber('MAX_RECEIVE_COUNT'),
  };
  const dependencies = {
    queue: createDrainerQueue(client, options),
    work,
    ring,
    watch: async () => {
      if (event.watcher) await startFunction(event.watcher, { byDrainer: true }, log);
    },
    newName,
    now: Date.now,
    log,
    inFlight: { transactional: requiredNumber('IN_FLIGHT'), bulk: requiredNumber('BULK_IN_FLIGHT') },
    onLease: lease.extend,
    deadlineMs: Date.now() + context.getRemainingTimeInMillis(),
  };
  const result = await drain(dependencies, event.replaces).finally(lease.end);
  log.info('drained', { ...result });
  return result;
}
