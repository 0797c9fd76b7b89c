/**
 * Every move an email's record makes, each one conditional write:
 *
 *     scheduled ──claim (at its time)──▶ sending ──sent──▶ sent ─▶ …
 *        │  ▲ reschedule                 ▲   │ │
 *        │  └───┘             claim ┌────┘   │ └─failed──▶ failed
 *        │                       queued ◀────┘ release      │
 *        └──cancel──▶ canceled ◀────┴─────────── retry ◀────┘
 *
 * A claim is one run's (`claimedBy`) and has a lease: while that lasts no other worker sends the email; when its worker died,
 * the redelivered job claims it again after the lease. What a worker does with an email it has claimed is conditional on
 * `claimedBy`: two jobs of one email may have the same attempt, so that does not tell their claims apart.
 * `attempts` keeps old jobs out: a queued email is claimed only by a higher attempt.
 */
import type { Backend } from '../ports/backend.ts';
import type { OutgoingJob } from '../ports/broker.ts';
import type { Change, Condition, Table, WriteOutcome } from '../ports/table.ts';
import { CLAIM_FIELDS, dueEntry, type EmailRecord, recordKey, type TimelineEntry } from './record.ts';

type Outcome = Promise<WriteOutcome<EmailRecord>>;

/** A worker whose clock runs this much behind still sends a scheduled email on time. */
const CLOCK_TOLERANCE_MS = 2_000;
/** How long before its time a scheduled email is handed to the broker, so that one missed run of the schedule is no delay. */
const HANDOVER_MS = 5 * 60_000;
/** How long after its time a scheduled email is looked at again, in case its job was lost. */
const RECHECK_MS = 15 * 60_000;

/** When the schedule must look at an email due at `dueAtMs`: before it to hand it over, after it if a job is on its way. */
export const scheduleCheck = (dueAtMs: number, id: string, handedOver: boolean) =>
  dueEntry(handedOver ? dueAtMs + RECHECK_MS : dueAtMs - HANDOVER_MS, id);

/** Takes the email for the run `runId` until `leaseUntilMs`; not applied when it is not this job's to send. */
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
  // A client that lost the answer asks again: then the first time did it.
  return { applied: applied || document?.claimedBy === runId, document };
}

/** Extends the lease of a claim; not applied when it is not this run's any more. */
export function renewClaim(table: Table, id: string, runId: string, leaseUntilMs: number): Outcome {
  return table.update(recordKey(id), { set: { leaseUntilMs } }, [claimedBy(runId)]);
}

/** The provider took it. */
export function markSent(table: Table, id: string, messageId: string, atMs: number): Outcome {
  return move(table, id, { status: 'sent', messageId }, { atMs, event: 'sent' }, [{ status: 'sending' }]);
}

/** Notes whom a claimed email does not go to; it ends when that is everyone. */
export function noteSuppressed(
  table: Table,
  { id, claimedBy: runId = '' }: Pick<EmailRecord, 'id' | 'claimedBy'>,
  { recipients, ends, atMs, detail }: { recipients: readonly string[]; ends: boolean; atMs: number; detail: string },
): Outcome {
  const timeline = recipients.map((recipient) => ({ atMs, event: 'suppressed', detail, recipient }) as const);
  const end: Change = ends ? { set: { status: 'suppressed' }, remove: CLAIM_FIELDS } : {};
  return table.update(recordKey(id), { append: { timeline }, ...end }, [claimedBy(runId)]);
}

/** Gives an email that this run has claimed back to the queue, where its next attempt already waits. */
export function release(table: Table, id: string, runId: string, atMs: number, detail: string): Outcome {
  return move(table, id, { status: 'queued' }, { atMs, event: 'deferred', detail }, [claimedBy(runId)]);
}

/** Ends an email that cannot be sent; only in the state that one of the conditions names. */
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

/** What a record says while the run `runId` has the email. */
export const claimedBy = (runId: string): Condition => ({ status: 'sending', claimedBy: runId });

/** Stops an email that no worker has yet. */
export function cancel(table: Table, id: string, atMs: number): Outcome {
  return move(table, id, { status: 'canceled' }, { atMs, event: 'canceled' }, [
    { status: { in: ['scheduled', 'queued'] } },
  ]);
}

/**
 * Gives a scheduled email another time, and keeps it until that has passed; a job already queued for the old time finds it
 * changed and does nothing. `job` is that of the new time, absent when it is later than the broker can delay.
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

/** Puts a failed email back on the queue from its first attempt, whose job this is. */
export function retry(
  { updateAndSend }: Pick<Backend, 'updateAndSend'>,
  id: string,
  job: OutgoingJob,
  atMs: number,
): Outcome {
  const change = changeTo({ status: 'queued', attempts: 0 }, { atMs, event: 'retried' });
  return updateAndSend(recordKey(id), change, [{ status: 'failed' }], job);
}

/** Notes that a scheduled email's job is on its way, unless it was rescheduled or canceled meanwhile. */
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
