import type { Table } from '../../../functions/core/ports.ts';
import { type EmailRecord, recordKey } from '../../../functions/core/record.ts';
import { CliError } from '../cli-error.ts';
import { answer, type Context } from '../context.ts';
import { type Deployment, output, tableOf } from '../deployment.ts';
import { count } from '../layout.ts';
import { type Choice, checkChoice, handleChosen } from './choose.ts';
import { type DeadLetter, deadLetterQueue } from './queue.ts';

/**
 * `dead-letters redrive`: gives jobs back to the queue they came from. Receive, send, delete, in this order, so that
 * nothing is lost wherever it ends. (SQS's own redrive needs a permission more, and the local cloud does not have it.)
 */
export async function redriveDeadLetters(context: Context, choice: Choice): Promise<void> {
  checkChoice(choice);
  const deployment = await context.deployment();
  const [queue, table] = await Promise.all([deadLetterQueue(deployment), tableOf(deployment)]);
  const startedAtMs = context.now();
  let late = 0;
  const result = await handleChosen(context, queue, choice, 'redriven', async (letter) => {
    // A job sent since then may be one of those just redriven, failed again: without this it could go round for ever.
    if (choice.all && letter.queuedAtMs > startedAtMs) {
      late++;
      return 'left';
    }
    const queueUrl = await homeOf(letter, deployment, table);
    if (!queueUrl) return 'left';
    await queue.send(letter, queueUrl);
    await queue.delete(letter);
    return 'taken';
  });
  answer(context, { redriven: result.taken, left: result.left }, () => `Redrove ${count(result.taken, 'job')}.`);
  if (late > 0) context.terminal.note(`${count(late, 'job')} came into the dead-letter queue meanwhile; left there.`);
  if (choice.all && result.left > late)
    throw new CliError(
      `${count(result.left - late, 'message')} left: neither a job nor from a queue of this stack. See \`sendoff dead-letters list\`, then purge.`,
    );
}

/** The URL of the queue a job belongs on: where SQS says it came from, else the queue of its email. */
async function homeOf(letter: DeadLetter, deployment: Deployment, table: Table): Promise<string | undefined> {
  const { sourceQueue, job, emailId } = letter;
  const urls = Object.values(deployment.outputs).filter((value) => sourceQueue && value.endsWith(`/${sourceQueue}`));
  if (urls[0]) return urls[0];
  if (!job) return undefined;
  const record = emailId === undefined ? undefined : await table.get<EmailRecord>(recordKey(emailId));
  return output(deployment, record?.queue === 'bulk' ? 'BulkQueueUrl' : 'TransactionalQueueUrl');
}
