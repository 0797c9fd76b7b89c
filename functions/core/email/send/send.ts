import * as z from 'zod/mini';
import { isOutage, SendoffError, unavailable } from '../../errors.ts';
import type { Broker, OutgoingJob } from '../../ports/broker.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import { emailRetry } from '../../task/retry.ts';
import { HeldElsewhere, Postponed, type Run, type Task, task } from '../../task/task.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import { publishEvent } from '../../webhook/publish-task.ts';
import { type Body, unpackBody, withContent } from '../body.ts';
import { addressOf, allowedRecipients, type RecipientDependencies } from '../recipients.ts';
import type { EmailRecord } from '../record.ts';
import { claimedBy, markFailed, markSent, release } from '../transitions.ts';
import { isOverdue, overdueError, overdueReason } from './deadline.ts';
import { type Compose, type MemoryBudget, withMemory } from './memory-budget.ts';
import { publishFailed } from './publish-failed.ts';
import { type TakeDependencies, take } from './take.ts';
import { type Place, type TransmitDependencies, transmit } from './transmit.ts';

export interface SendDependencies extends TakeDependencies, TransmitDependencies, RecipientDependencies {
  readonly broker: Broker;
  /** How long an email may wait for a provider, or an account, that does not send. */
  readonly giveUpAfterMs: number;
  /** Writes the MIME message, without Bcc. Rejects (retryable) when fetching all attachments takes longer than `fetchMs`. */
  readonly compose: Compose;
  /** The memory for large emails; absent: no limit. */
  readonly memory?: MemoryBudget;
  /** Publishes emails that end before the send; later events come from SES. */
  readonly publish: Publish;
  readonly metrics: Metrics;
}

/** Record, body and job are written in parallel, so a job may arrive before its record; it is dropped after this many tries. */
const RECORD_ATTEMPTS = 3;
/** A large body takes longer, as it goes to S3; without it the email fails after this many tries. */
const BODY_ATTEMPTS = 10;
/** The longest time to fetch all attachments of an email: other emails wait for the worker. */
export const FETCH_MS = 20_000;
/** The longest time that an email waits for its turn in a worker; then it waits on the queue. */
export const WAIT_MS = 30_000;

const sendArgs = z.object({
  id: z.string(),
  fingerprint: z.string(),
  /** Absent in jobs of version 0.2, as what follows. */
  recipients: z.optional(z.int().check(z.positive())),
  sinceMs: z.optional(z.number()),
  waitedFor: z.optional(z.string()),
  /** About the size of the message; absent: small. */
  bytes: z.optional(z.number()),
});

/** Sends one accepted email. */
export const emailSend = task(
  'email.send',
  {
    args: sendArgs,
    queue: 'transactional',
    retry: emailRetry,
    logged: ({ id }) => ({ emailId: id }),
    // An outage is not the email's fault, so it ends by time and not by the number of tries.
    givesUp: (args, error, run, { giveUpAfterMs }: SendDependencies) =>
      isOutage(error) && args.sinceMs !== undefined
        ? isOverdue(args, run.now(), giveUpAfterMs)
        : run.job.attempt >= emailRetry.maxAttempts,
    onPostponed: (args, { message }, { now }) => ({ ...args, sinceMs: args.sinceMs ?? now(), waitedFor: message }),
    onRetry: async (_args, error, run, { table, claims, metrics }) => {
      metrics.count('retried', run.queue);
      // A copy of the job can fail while another worker holds the claim: then there is nothing to release.
      const claim = claims.of(run.id);
      if (claim) await release(table, claim, { atMs: run.now(), detail: error.message });
    },
    onFailed: async (args, error, run, { table, publish, metrics, giveUpAfterMs }) => {
      const ownOrNobodys = [claimedBy(run.id), { status: 'queued', attempts: { below: run.job.attempt } }];
      const waitedTooLong = isOutage(error) && isOverdue(args, run.now(), giveUpAfterMs);
      const reason = waitedTooLong ? overdueReason(giveUpAfterMs, error.message) : error.message;
      const { applied, document } = await markFailed(table, args, ownOrNobodys, run.now(), reason);
      if (applied) metrics.count('failed', run.queue);
      if (applied && document) await publishFailed(document, publish);
    },
    onEnd: (run, { claims }) => claims.end(run.id),
  },
  withMemory(async (args, run, dependencies) => {
    const { pacer, giveUpAfterMs } = dependencies;
    const untilMs = run.now() + Math.min(WAIT_MS, (run.stopsAtMs - run.now()) / 2);
    // Before the claim: a job that must wait has written nothing.
    const turn = isOverdue(args, run.now(), giveUpAfterMs)
      ? undefined
      : await pacer.reserve(run.queue, args.recipients ?? 1, untilMs);
    const [claimed, packed] = await take(args, run, dependencies);
    if (!claimed.applied) return handleRefusedClaim(args, claimed.document, run, dependencies);
    if (!claimed.document) throw new Error('an applied claim answers the record');
    if (!turn) throw overdueError(args, claimed.document, giveUpAfterMs);
    if (!packed) throw missing('The body of this email', run.job.attempt < BODY_ATTEMPTS);
    try {
      const body = await withContent(unpackBody(packed), dependencies.table);
      await send(claimed.document, body, { turn, untilMs }, run, dependencies);
    } catch (error) {
      if (error instanceof Postponed) await releaseUnused(error, run, dependencies);
      throw error;
    }
  }),
);

/**
 * The job that sends this email, at `dueAtMs` if given. Its deadline counts from `sinceMs`: by default from the time at which the
 * email is due.
 */
export function sendJob(record: EmailRecord, dueAtMs?: number, sinceMs?: number): OutgoingJob {
  const {
    id,
    fingerprint,
    queue,
    group,
    messageBytes,
    to,
    cc = [],
    bcc = [],
    createdAtMs,
    scheduledAtMs = createdAtMs,
  } = record;
  const recipients = to.length + cc.length + bcc.length;
  const size = messageBytes === undefined ? {} : { bytes: messageBytes };
  const args = { id, fingerprint, recipients, sinceMs: sinceMs ?? dueAtMs ?? scheduledAtMs, ...size };
  const { job } = emailSend.call(args);
  const grouped = group === undefined ? {} : { group };
  return { queue, job: { ...grouped, ...job, ...(dueAtMs === undefined ? {} : { dueAtMs }) } };
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

/** Releases the claim of an email that could not be sent for a reason that is not its own: that was no attempt. */
async function releaseUnused(
  { message }: Postponed,
  { id: runId, job, now }: Run,
  { table, claims }: SendDependencies,
): Promise<void> {
  const claim = claims.of(runId);
  if (claim) await release(table, claim, { atMs: now(), detail: message, attempts: job.attempt - 1 });
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
  place: Place,
  run: Run,
  dependencies: SendDependencies,
): Promise<void> {
  const { queue, now, log, stopsAtMs } = run;
  const { table, compose, broker, metrics, sending, claims } = dependencies;
  // At most half of the remaining time: the other half is for the send.
  const fetchMs = Math.min(FETCH_MS, Math.max(0, (stopsAtMs - now()) / 2));
  const [raw, destinations] = await Promise.all([
    compose(record, body, fetchMs),
    allowedRecipients(record, now(), dependencies),
  ]);
  if (destinations.length === 0) return;
  const { id: emailId, tags = [] } = record;
  const message = { emailId, from: addressOf(record.from), destinations, raw, tags };
  const messageId = await transmit(message, place, () => claims.maySend(run.id), dependencies);
  const atMs = now();
  metrics.count('sent', queue);
  metrics.sendLatency(queue, atMs - (record.scheduledAtMs ?? record.createdAtMs));
  const resumed = sending.sent().catch((error: unknown) => log.warn('the end of a pause is not noted', { error }));
  try {
    const { applied, document } = await markSent(table, emailId, messageId, atMs);
    // The Send event of SES may have been faster.
    if (!applied && document?.messageId !== messageId)
      log.warn('sent, but its record has changed', { emailId, status: document?.status });
  } catch (error) {
    // The job must not be tried again: that would send twice. A job on the queue marks it as sent later.
    log.error('sent, but not recorded yet', { emailId, error });
    await emailSent.delay({ id: emailId, messageId, atMs }, broker, { queue }).catch((cause: unknown) => {
      throw new Error('sent, but neither the table nor the queue could record it', { cause });
    });
  }
  await resumed;
}

function missing(what: string, mayArrive: boolean): SendoffError {
  return mayArrive
    ? unavailable(`${what} is not there yet`, undefined, 1)
    : new SendoffError('application_error', 500, `${what} is gone`);
}
