/**
 * The transitions of an email's record. Each is one conditional write:
 *
 *     scheduled ──claim (at its time)──▶ sending ──sent──▶ sent ─▶ …
 *        │  ▲ reschedule                 ▲   │ │
 *        │  └───┘             claim ┌────┘   │ └─failed──▶ failed
 *        │                       queued ◀────┘ release      │
 *        └──cancel──▶ canceled ◀────┴─────────── retry ◀────┘
 *
 * A claim belongs to one run (`claimedBy`) and has a lease, during which no other worker sends the email. After a crash
 * the redelivered job claims it again when the lease has ended. Writes of a worker that holds a claim are conditional on
 * `claimedBy`; the attempt would not do, as two jobs of one email may have the same.
 * `attempts` keeps outdated jobs out: only a higher attempt claims a queued email.
 */
import type { Backend } from '../ports/backend.ts';
import type { OutgoingJob } from '../ports/broker.ts';
import type { Change, Condition, Table, WriteOutcome } from '../ports/table.ts';
import { CLAIM_FIELDS, type Deferral, dueEntry, type EmailRecord, recordKey, type TimelineEntry } from './record.ts';

type Outcome = Promise<WriteOutcome<EmailRecord>>;

/** A worker whose clock runs this much behind still sends a scheduled email on time. */
const CLOCK_TOLERANCE_MS = 2_000;
/**
 * A scheduled email is queued this long before its time: as early as SQS can delay it to the second, so that many that are due at
 * once are all queued by then.
 */
const HANDOVER_MS = 14 * 60_000;
/** A scheduled email is examined again this long after its time, in case its job was lost. */
const RECHECK_MS = 15 * 60_000;

/** When the schedule examines an email due at `dueAtMs`: before that time to queue it, or after it if it is queued. */
export const scheduleCheck = (dueAtMs: number, id: string, handedOver: boolean) =>
  dueEntry(handedOver ? dueAtMs + RECHECK_MS : dueAtMs - HANDOVER_MS, id);

/** Claims the email for the run `runId` until `leaseUntilMs`; not applied when this job may not send it. */
export async function claim(
  table: Table,
  { id, fingerprint }: { id: string; fingerprint: string },
  { runId, attempt, nowMs, leaseUntilMs }: { runId: string; attempt: number; nowMs: number; leaseUntilMs: number },
): Outcome {
  const set = { status: 'sending', attempts: attempt, claimedBy: runId, leaseUntilMs } as const;
  const { applied, document } = await table.update<EmailRecord>(recordKey(id), { set, due: null }, [
    { fingerprint, status: 'queued', attempts: { below: attempt } },
    { fingerprint, status: 'scheduled', scheduledAtMs: { atMost: nowMs + CLOCK_TOLERANCE_MS } },
    { fingerprint, status: 'sending', attempts: { atMost: attempt }, leaseUntilMs: { below: nowMs } },
  ]);
  // The client repeats a request whose answer was lost; then the first one has claimed it.
  return { applied: applied || document?.claimedBy === runId, document };
}

/** Extends the lease of a claim, which this document has; not applied when the run has lost the claim. */
export function renewClaim(table: Table, key: string, runId: string, leaseUntilMs: number): Promise<WriteOutcome> {
  return table.update(key, { set: { leaseUntilMs } }, [{ claimedBy: runId }]);
}

/** Records that the provider took the email. */
export function markSent(table: Table, id: string, messageId: string, atMs: number): Outcome {
  return move(table, id, { status: 'sent', messageId }, { atMs, event: 'sent' }, [{ status: 'sending' }]);
}

/** Records suppressed recipients of a claimed email; with `ends`, all are, and the email is `suppressed`. */
export function noteSuppressed(
  table: Table,
  { id, claimedBy: runId = '' }: Pick<EmailRecord, 'id' | 'claimedBy'>,
  { recipients, ends, atMs, detail }: { recipients: readonly string[]; ends: boolean; atMs: number; detail: string },
): Outcome {
  const timeline = recipients.map((recipient) => ({ atMs, event: 'suppressed', detail, recipient }) as const);
  const end: Change = ends ? { set: { status: 'suppressed' }, remove: CLAIM_FIELDS } : {};
  return table.update(recordKey(id), { append: { timeline }, ...end }, [claimedBy(runId)]);
}

/**
 * Releases a claim and notes why. The job of the next attempt is on the queue already, or with `attempts`, one lower than that of
 * the claim, the same attempt will claim the email again.
 */
export function release(
  table: Table,
  { key, runId, deferred }: { key: string; runId: string; deferred?: Deferral | undefined },
  { atMs, detail, attempts }: { atMs: number; detail: string; attempts?: number },
): Outcome {
  const again: Deferral = {
    firstAtMs: deferred?.firstAtMs ?? atMs,
    lastAtMs: atMs,
    count: (deferred?.count ?? 0) + 1,
    detail,
  };
  const set = { status: 'queued', deferred: again, ...(attempts === undefined ? {} : { attempts }) } as const;
  return table.update<EmailRecord>(key, { set, remove: CLAIM_FIELDS, due: null }, [claimedBy(runId)]);
}

/** Marks an email as failed, if one of the conditions holds. */
export function markFailed(
  table: Table,
  { id, fingerprint }: { id: string; fingerprint: string },
  anyOf: readonly Condition[],
  atMs: number,
  detail: string,
): Outcome {
  const conditions = anyOf.map((condition) => ({ fingerprint, ...condition }));
  return move(table, id, { status: 'failed' }, { atMs, event: 'failed', detail }, conditions);
}

/** Holds while the run has the claim. */
export const claimedBy = (runId: string): Condition => ({ status: 'sending', claimedBy: runId });

/** Cancels an email that no worker has claimed. */
export function cancel(table: Table, id: string, atMs: number): Outcome {
  return move(table, id, { status: 'canceled' }, { atMs, event: 'canceled' }, [
    { status: { in: ['scheduled', 'queued'] } },
  ]);
}

/**
 * Gives a scheduled email another time and another end. A job that is queued for the old time then does nothing. `job` is
 * the job for the new time; absent when that is later than the broker can delay.
 */
export function reschedule(
  { table, updateAndSend }: Pick<Backend, 'table' | 'updateAndSend'>,
  id: string,
  { scheduledAtMs, expiresAtMs, job }: { scheduledAtMs: number; expiresAtMs: number; job: OutgoingJob | undefined },
  atMs: number,
): Outcome {
  const due = scheduleCheck(scheduledAtMs, id, job !== undefined);
  const change = changeTo({ scheduledAtMs }, { atMs, event: 'rescheduled' }, { due, expiresAtMs });
  const anyOf: Condition[] = [{ status: 'scheduled' }];
  return job ? updateAndSend(recordKey(id), change, anyOf, job) : table.update(recordKey(id), change, anyOf);
}

/** Queues a failed email again with this job, from its first attempt on. */
export function retry(
  { updateAndSend }: Pick<Backend, 'updateAndSend'>,
  id: string,
  job: OutgoingJob,
  atMs: number,
): Outcome {
  const change = changeTo({ status: 'queued', attempts: 0 }, { atMs, event: 'retried' });
  return updateAndSend(recordKey(id), change, [{ status: 'failed' }], job);
}

/** Records that a scheduled email is queued, unless it was rescheduled or canceled meanwhile. */
export function noteHandover(table: Table, id: string, checkAgainAtMs: number, scheduledAtMs: number): Outcome {
  return table.update(recordKey(id), { due: dueEntry(checkAgainAtMs + RECHECK_MS, id) }, [
    { status: 'scheduled', scheduledAtMs },
  ]);
}

function move(
  table: Table,
  id: string,
  set: Partial<EmailRecord>,
  entry: TimelineEntry,
  anyOf: readonly Condition[],
): Outcome {
  return table.update<EmailRecord>(recordKey(id), changeTo(set, entry), anyOf);
}

function changeTo(set: Partial<EmailRecord>, entry: TimelineEntry, more: Change = { due: null }): Change {
  return { set, remove: CLAIM_FIELDS, append: { timeline: [entry] }, ...more };
}
