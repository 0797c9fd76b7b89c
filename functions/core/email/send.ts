import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { SendoffError, unavailable } from '../errors.ts';
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
import { addressOf, allowedRecipients, publishFailed } from './recipients.ts';
import type { EmailRecord } from './record.ts';
import { claim, claimedBy, markFailed, markSent, release } from './transitions.ts';

export interface SendDependencies {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  readonly mailer: Mailer;
  /** Writes the MIME message; Bcc is in the envelope alone. Attachments are fetched for `fetchMs` in all, then it rejects (retryable). */
  readonly compose: (record: EmailRecord, body: Body, fetchMs: number) => Promise<Uint8Array>;
  /** Tells webhooks of what ends here: SES tells of all that comes after. */
  readonly publish: Publish;
  readonly metrics: Metrics;
  /** Where this worker keeps what it has claimed; whoever renews leases renews these. */
  readonly claims: Claims;
  /** Waits this many ms; a parameter so that tests need not. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** The accept writes record, body and job in parallel: a job may be ahead of its record by this many tries. */
const RECORD_ATTEMPTS = 3;
/** … and of its body, a large one that takes its time to S3 included; without it the email fails for good. */
const BODY_ATTEMPTS = 10;
/** The first try waits in the worker, for most jobs are ahead by milliseconds only. */
const CATCH_UP_MS = [20, 80, 300];
/** The most time for all attachments of an email: other emails wait for the worker. */
export const FETCH_MS = 20_000;

/** Sends one accepted email. */
export const emailSend = task(
  'email.send',
  {
    args: z.object({ id: z.string(), fingerprint: z.string() }),
    queue: 'transactional',
    retry: emailRetry,
    logged: ({ id }) => ({ emailId: id }),
    onRetry: async ({ id }, error, run, { table, claims, metrics }: SendDependencies) => {
      metrics.count('retried', run.queue);
      // A copy of the job can fail while another worker sends: it has nothing to give back.
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
  async (args, run, dependencies) => {
    const [claimed, packed] = await take(args, run, dependencies);
    if (!claimed.applied) return explainRefusal(args, claimed.document, run, dependencies);
    if (!claimed.document) throw new Error('a claim that was applied answers the record');
    if (!packed) throw missing('The body of this email', run.job.attempt < BODY_ATTEMPTS);
    await send(claimed.document, unpackBody(packed), run, dependencies);
  },
);

/** The job that sends this email, at `dueAtMs` if given. */
export function sendJob({ id, fingerprint, queue }: EmailRecord, dueAtMs?: number): OutgoingJob {
  const { job } = emailSend.call({ id, fingerprint });
  return { queue, job: dueAtMs === undefined ? job : { ...job, dueAtMs } };
}

/** Notes that the provider took an email whose record could not be written at that moment. */
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

/** Claims the record and reads the body in parallel; a job that is ahead of either waits a moment for it. */
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
  // A read that fails first must not end the run before it is known whether it holds the claim.
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

/** Why a job could not claim its email: returns when there is nothing left to do, throws when there may be later. */
async function explainRefusal(
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
  // A job of another payload under the same idempotency key: its request was answered 409.
  if (record.fingerprint !== fingerprint) return;
  if (record.status === 'sending' && record.attempts <= job.attempt)
    throw new HeldElsewhere('another worker holds the email');
  // This very job may have ended it and died before it could tell.
  if (record.status === 'failed' && record.attempts <= job.attempt) await publishFailed(record, publish);
  log.info('job has nothing to do', { emailId: id, status: record.status, attempt: job.attempt });
}

async function send(
  record: EmailRecord,
  body: Body,
  { id: runId, queue, now, log, stopsAtMs }: Run,
  { table, mailer, compose, broker, publish, metrics, claims }: SendDependencies,
): Promise<void> {
  // At most half of the time that is left: the other half is for the send.
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
    // SES's own Send event may have been faster.
    if (!applied && document?.messageId !== messageId)
      log.warn('sent, but its record had moved on', { emailId: record.id, status: document?.status });
  } catch (error) {
    // From here on the job must not be tried again: that would send twice. The queue remembers what the table could not.
    log.error('sent, but not recorded yet', { emailId: record.id, error });
    await emailSent.delay({ id: record.id, messageId, atMs }, broker, { queue }).catch((cause: unknown) => {
      throw new Error('sent, but neither the table nor the queue could note it', { cause });
    });
  }
}

function missing(what: string, mayCome: boolean): SendoffError {
  return mayCome
    ? unavailable(`${what} is not there yet`, undefined, 1)
    : new SendoffError('application_error', 500, `${what} is gone`);
}
