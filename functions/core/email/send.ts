import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { SendoffError, unavailable } from '../errors.ts';
import { eventIdOf } from '../event.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Broker, OutgoingJob } from '../ports/broker.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';
import type { Metrics } from '../ports/telemetry.ts';
import { emailRetry } from '../task/retry.ts';
import { HeldElsewhere, type Run, type Task, task } from '../task/task.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { publishEvent } from '../webhook/publish-task.ts';
import { type Body, bodyKey, unpackBody } from './body.ts';
import { type Claims, leaseEnd } from './claims.ts';
import { type Compose, type MemoryBudget, withMemory } from './memory-budget.ts';
import { addressOf, allowedRecipients } from './recipients.ts';
import type { EmailRecord } from './record.ts';
import { claim, claimedBy, markFailed, markSent, release } from './transitions.ts';

export interface SendDependencies {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  readonly mailer: Mailer;
  /** Writes the MIME message, without Bcc. Rejects (retryable) when fetching all attachments takes longer than `fetchMs`. */
  readonly compose: Compose;
  /** The memory for large emails; absent: no limit. */
  readonly memory?: MemoryBudget;
  /** Publishes emails that end before the send; later events come from SES. */
  readonly publish: Publish;
  readonly metrics: Metrics;
  /** The open claims of this worker; their leases may be renewed from outside. */
  readonly claims: Claims;
  /** Waits, in ms; a parameter so that tests need not wait. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Record, body and job are written in parallel, so a job may arrive before its record; it is dropped after this many tries. */
const RECORD_ATTEMPTS = 3;
/** A large body takes longer, as it goes to S3; without it the email fails after this many tries. */
const BODY_ATTEMPTS = 10;
/** The waits of a first try in the worker: most jobs are only milliseconds too early. */
const CATCH_UP_MS = [20, 80, 300];
/** The longest time to fetch all attachments of an email: other emails wait for the worker. */
export const FETCH_MS = 20_000;

/** Sends one accepted email. */
export const emailSend = task(
  'email.send',
  {
    args: z.object({ id: z.string(), fingerprint: z.string(), bytes: z.optional(z.number()) }),
    queue: 'transactional',
    retry: emailRetry,
    logged: ({ id }) => ({ emailId: id }),
    onRetry: async ({ id }, error, run, { table, claims, metrics }: SendDependencies) => {
      metrics.count('retried', run.queue);
      // A copy of the job can fail while another worker holds the claim: then there is nothing to release.
      if (claims.has(run.id)) await release(table, id, run.id, run.now(), error.message);
    },
    onFailed: async (args, error, run, { table, publish, metrics }) => {
      const ownOrNobodys = [claimedBy(run.id), { status: 'queued', attempts: { below: run.job.attempt } }];
      const { applied, document } = await markFailed(table, args, ownOrNobodys, run.now(), error.message);
      if (applied) metrics.count('failed', run.queue);
      if (applied && document) await publishFailed(document, publish);
    },
    onEnd: (run, { claims }) => claims.end(run.id),
  },
  withMemory(async (args, run, dependencies) => {
    const [claimed, packed] = await take(args, run, dependencies);
    if (!claimed.applied) return handleRefusedClaim(args, claimed.document, run, dependencies);
    if (!claimed.document) throw new Error('an applied claim answers the record');
    if (!packed) throw missing('The body of this email', run.job.attempt < BODY_ATTEMPTS);
    await send(claimed.document, unpackBody(packed), run, dependencies);
  }),
);

/** The job that sends this email, at `dueAtMs` if given. */
export function sendJob({ id, fingerprint, queue, messageBytes }: EmailRecord, dueAtMs?: number): OutgoingJob {
  const size = messageBytes === undefined ? {} : { bytes: messageBytes };
  const { job } = emailSend.call({ id, fingerprint, ...size });
  return { queue, job: dueAtMs === undefined ? job : { ...job, dueAtMs } };
}

/** Marks an email as sent whose record could not be written after the send. */
export const emailSent = task(
  'email.sent',
  {
    args: z.object({ id: z.string(), messageId: z.string(), atMs: z.number() }),
    queue: 'transactional',
    retry: emailRetry,
    logged: ({ id }) => ({ emailId: id }),
  },
  async ({ id, messageId, atMs }, _run, { table }: SendDependencies) => {
    await markSent(table, id, messageId, atMs);
  },
);

/** The tasks of a worker that sends emails. */
export const emailTasks: readonly Task<unknown, SendDependencies>[] = [emailSend, emailSent, publishEvent];

/** Claims the record and reads the body in parallel; if one of them is missing, a first try waits a moment for it. */
async function take(
  { id, fingerprint }: { id: string; fingerprint: string },
  run: Run,
  { table, bodies, claims, wait = sleep }: SendDependencies,
): Promise<[WriteOutcome<EmailRecord>, Uint8Array | undefined]> {
  const { id: runId, job, now, deadlineMs } = run;
  const claimIt = async () => {
    const leaseUntilMs = leaseEnd(deadlineMs);
    const wanted = { runId, attempt: job.attempt, nowMs: now(), leaseUntilMs };
    const outcome = await claim(table, { id, fingerprint }, wanted);
    if (outcome.applied) claims.begin({ emailId: id, runId, leaseUntilMs });
    return outcome;
  };
  const read = () => bodies.get(bodyKey(id, fingerprint));
  const reading = read();
  // If the read fails first, the run must not end before it knows whether it holds the claim.
  const [claiming] = await Promise.allSettled([claimIt(), reading]);
  if (claiming.status === 'rejected') throw claiming.reason;
  let [claimed, packed] = [claiming.value, await reading];
  for (const ms of job.attempt === 1 ? CATCH_UP_MS : []) {
    if (claimed.document && (packed || !claimed.applied)) break;
    await wait(ms);
    [claimed, packed] = await Promise.all([claimed.document ? claimed : claimIt(), packed ?? read()]);
  }
  return [claimed, packed];
}

/** Handles a job that could not claim its email: returns when nothing is left to do, throws to be tried again. */
async function handleRefusedClaim(
  { id, fingerprint }: { id: string; fingerprint: string },
  record: EmailRecord | undefined,
  run: Run,
  { publish }: SendDependencies,
): Promise<void> {
  const { job, log } = run;
  if (!record) {
    if (job.attempt < RECORD_ATTEMPTS) throw missing('The record of this email', true);
    log.warn('job dropped: its email was never accepted', { emailId: id });
    return;
  }
  // The job of another payload with the same idempotency key: its request was answered with 409.
  if (record.fingerprint !== fingerprint) return;
  if (record.status === 'sending' && record.attempts <= job.attempt)
    throw new HeldElsewhere('another worker holds the email');
  // A crashed run of this job may have marked it failed without publishing that.
  if (record.status === 'failed' && record.attempts <= job.attempt) await publishFailed(record, publish);
  log.info('job has nothing to do', { emailId: id, status: record.status, attempt: job.attempt });
}

async function send(
  record: EmailRecord,
  body: Body,
  { id: runId, queue, now, log, stopsAtMs }: Run,
  { table, mailer, compose, broker, publish, metrics, claims }: SendDependencies,
): Promise<void> {
  // At most half of the remaining time: the other half is for the send.
  const fetchMs = Math.min(FETCH_MS, Math.max(0, (stopsAtMs - now()) / 2));
  const [raw, destinations] = await Promise.all([
    compose(record, body, fetchMs),
    allowedRecipients(record, now(), { table, publish }),
  ]);
  if (destinations.length === 0) return;
  if (!claims.maySend(runId)) throw new HeldElsewhere('the claim on the email ended before it could be sent');
  const messageId = await mailer.send({
    emailId: record.id,
    from: addressOf(record.from),
    destinations,
    raw,
    tags: record.tags ?? [],
  });
  const atMs = now();
  metrics.count('sent', queue);
  metrics.sendLatency(queue, atMs - (record.scheduledAtMs ?? record.createdAtMs));
  try {
    const { applied, document } = await markSent(table, record.id, messageId, atMs);
    // The Send event of SES may have been faster.
    if (!applied && document?.messageId !== messageId)
      log.warn('sent, but its record has changed', { emailId: record.id, status: document?.status });
  } catch (error) {
    // The job must not be tried again: that would send twice. A job on the queue marks it as sent later.
    log.error('sent, but not recorded yet', { emailId: record.id, error });
    await emailSent.delay({ id: record.id, messageId, atMs }, broker, { queue }).catch((cause: unknown) => {
      throw new Error('sent, but neither the table nor the queue could record it', { cause });
    });
  }
}

function missing(what: string, mayArrive: boolean): SendoffError {
  return mayArrive
    ? unavailable(`${what} is not there yet`, undefined, 1)
    : new SendoffError('application_error', 500, `${what} is gone`);
}

/** Publishes that an email has failed; repeated calls publish the same event id. */
async function publishFailed({ id, attempts, timeline }: EmailRecord, publish: Publish): Promise<void> {
  const end = timeline.findLast(({ event }) => event === 'failed');
  if (!end) return;
  const eventId = eventIdOf('email.failed', id, String(end.atMs), String(attempts));
  const details = { failed: { reason: end.detail ?? '' } };
  await publish([{ type: 'email.failed', eventId, atMs: end.atMs, emailId: id, details }]);
}
