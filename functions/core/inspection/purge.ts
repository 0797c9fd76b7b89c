import { type EmailRecord, recordKey } from '../email/record.ts';
import { lastEvent } from '../email/status.ts';
import { markFailed } from '../email/transitions.ts';
import type { DeadLetter, DeadLetters, HeldDeadLetter } from '../ports/inspection.ts';
import type { Table } from '../ports/table.ts';
import { type Choice, type ChosenVisit, type VisitOptions, visitChosen } from './dead-letters.ts';

export interface Purge extends ChosenVisit {
  /** How many emails ended as failed. */
  readonly emailsFailed: number;
}

/** Deletes the chosen dead letters. An email that waited for one of them ends as failed, and can be retried. */
export async function purgeDeadLetters(
  { deadLetters, table }: { deadLetters: DeadLetters; table: Table },
  choice: Choice,
  { now, ...options }: VisitOptions & { readonly now: () => number },
): Promise<Purge> {
  let emailsFailed = 0;
  const purge = async (letter: HeldDeadLetter) => {
    // The record comes first: a purge that dies in between leaves a job that finds nothing to do.
    if (await endEmail(table, letter, now())) emailsFailed++;
    await letter.delete();
    return 'taken' as const;
  };
  return { ...(await visitChosen(deadLetters, choice, purge, options)), emailsFailed };
}

/** Ends the email of a job, if this job was the one it waited for; answers whether it did. */
async function endEmail(table: Table, { job, emailId }: DeadLetter, nowMs: number): Promise<boolean> {
  if (job?.task !== 'email.send' || emailId === undefined) return false;
  const record = await table.get<EmailRecord>(recordKey(emailId));
  if (!record || lastEvent(record.status) !== 'queued') return false;
  const held = record.status === 'sending' && (record.leaseUntilMs ?? 0) >= nowMs;
  const superseded = record.attempts > job.attempt || (record.status === 'queued' && record.attempts === job.attempt);
  // A job of another payload under the same idempotency key: its request was answered 409.
  const refused =
    typeof job.args === 'object' &&
    job.args !== null &&
    'fingerprint' in job.args &&
    job.args.fingerprint !== record.fingerprint;
  if (held || superseded || refused) return false;
  const reason = 'Its job was purged from the dead-letter queue';
  return (await markFailed(table, record, [{ status: record.status }], nowMs, reason)).applied;
}
