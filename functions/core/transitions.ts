/**
 * Every move an email's record makes, each one conditional write:
 *
 *     scheduled ──claim (at its time)──▶ sending ──sent──▶ sent ─▶ …
 *        │  ▲ reschedule                 ▲   │ │
 *        │  └───┘             claim ┌────┘   │ └─failed──▶ failed
 *        │                       queued ◀────┘ release      │
 *        └──cancel──▶ canceled ◀────┴─────────── retry ◀────┘
 *
 * A claim holds a lease: while it lasts no other worker sends the email; when its worker died, the redelivered job
 * claims it again after the lease. `attempts` keeps old jobs out: a queued email is claimed only by a higher attempt.
 */
import type { Backend, Change, Condition, OutgoingJob, Table, WriteOutcome } from './ports.ts';
import { dueEntry, type EmailRecord, recordKey, type TimelineEntry } from './record.ts';

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

/** Takes the email for one worker until `leaseUntilMs`; not applied when it is not this job's to send. */
export function claim(
  table: Table,
  args: { id: string; fingerprint: string },
  attempt: number,
  nowMs: number,
  leaseUntilMs: number,
): Outcome {
  const { id, fingerprint } = args;
  return table.update(recordKey(id), { set: { status: 'sending', attempts: attempt, leaseUntilMs }, due: null }, [
    { fingerprint, status: 'queued', attempts: { below: attempt } },
    { fingerprint, status: 'scheduled', scheduledAtMs: { atMost: nowMs + CLOCK_TOLERANCE_MS } },
    { fingerprint, status: 'sending', attempts: { atMost: attempt }, leaseUntilMs: { below: nowMs } },
  ]);
}

/** The provider took it. */
export function markSent(table: Table, id: string, messageId: string, atMs: number): Outcome {
  return move(table, id, { status: 'sent', messageId }, { atMs, event: 'sent' }, [{ status: 'sending' }]);
}

/** Notes whom a claimed email does not go to; it ends when that is everyone. */
export function noteSuppressed(
  table: Table,
  { id, attempts }: Pick<EmailRecord, 'id' | 'attempts'>,
  { recipients, ends, atMs, detail }: { recipients: readonly string[]; ends: boolean; atMs: number; detail: string },
): Outcome {
  const timeline = recipients.map((recipient) => ({ atMs, event: 'suppressed', detail, recipient }) as const);
  const end: Change = ends ? { set: { status: 'suppressed' }, remove: ['leaseUntilMs'] } : {};
  return table.update(recordKey(id), { append: { timeline }, ...end }, [{ status: 'sending', attempts }]);
}

/** Gives a claimed email back to the queue, where its next attempt already waits. */
export function release(table: Table, id: string, attempt: number, atMs: number, detail: string): Outcome {
  return move(table, id, { status: 'queued' }, { atMs, event: 'deferred', detail }, [
    { status: 'sending', attempts: attempt },
  ]);
}

/** Ends an email that cannot be sent: one that its worker has claimed, or one that no worker has. */
export function markFailed(
  table: Table,
  { id, fingerprint }: { id: string; fingerprint: string },
  from: 'sending' | 'queued',
  atMs: number,
  detail: string,
): Outcome {
  return move(table, id, { status: 'failed' }, { atMs, event: 'failed', detail }, [{ fingerprint, status: from }]);
}

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
  return { set, remove: ['leaseUntilMs'], append: { timeline: [entry] }, ...more };
}
