import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { markFailed } from '../../../../functions/core/email/transitions.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { confirm } from '../../confirm.ts';
import { answer, type Context } from '../../context.ts';
import { count } from '../../layout.ts';
import { type Choice, checkChoice, handleChosen } from './choose.ts';
import type { DeadLetter } from './queue.ts';

/** `dead-letters purge`: deletes jobs; an email that waited for one ends as failed, with the reason, and can be retried. */
export async function purgeDeadLetters(context: Context, choice: Choice & { yes?: boolean }): Promise<void> {
  checkChoice(choice);
  const { table, deadLetters } = await context.backend();
  const queue = await deadLetters();
  if (!choice.yes) {
    const what = choice.all
      ? `all jobs in the dead-letter queue (about ${await queue.depth()})`
      : count(choice.ids.length, 'job');
    await confirm(context, `Delete ${what}? The emails they were to send will not be sent.`);
  }
  let failed = 0;
  const result = await handleChosen(context, queue, choice, 'purged', async (letter) => {
    // The record first: a purge cut off in between leaves a job that finds nothing to do.
    if (await endEmail(table, letter, context.now())) failed++;
    await letter.delete();
    return 'taken';
  });
  answer(
    context,
    { purged: result.taken, emails_failed: failed },
    () => `Purged ${count(result.taken, 'job')}; ${count(failed, 'email')} ended as failed.`,
  );
}

/** Ends the email of a job, if this job was the one it waited for; answers whether it did. */
async function endEmail(table: Table, { job, emailId }: DeadLetter, nowMs: number): Promise<boolean> {
  if (job?.task !== 'email.send' || emailId === undefined) return false;
  const record = await table.get<EmailRecord>(recordKey(emailId));
  if (!record || (record.status !== 'sending' && record.status !== 'queued')) return false;
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
