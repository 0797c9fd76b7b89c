import { CliError } from '../../cli-error.ts';
import { answer, type Context } from '../../context.ts';
import { count } from '../../layout.ts';
import { type Choice, checkChoice, handleChosen } from './choose.ts';

/** `dead-letters redrive`: gives jobs back to the queue they came from; nothing is lost wherever it ends. */
export async function redriveDeadLetters(context: Context, choice: Choice): Promise<void> {
  checkChoice(choice);
  const queue = await (await context.backend()).deadLetters();
  const startedAtMs = context.now();
  let late = 0;
  const result = await handleChosen(context, queue, choice, 'redriven', async (letter) => {
    // A job sent since then may be one of those just redriven, failed again: without this it could go round for ever.
    if (choice.all && letter.queuedAtMs > startedAtMs) {
      late++;
      return 'left';
    }
    return (await letter.redrive()) ? 'taken' : 'left';
  });
  answer(context, { redriven: result.taken, left: result.left }, () => `Redrove ${count(result.taken, 'job')}.`);
  if (late > 0) context.terminal.note(`${count(late, 'job')} came into the dead-letter queue meanwhile; left there.`);
  if (choice.all && result.left > late)
    throw new CliError(
      `${count(result.left - late, 'message')} left: neither a job nor from a queue of this stack. See \`sendoff dead-letters list\`, then purge.`,
    );
}
