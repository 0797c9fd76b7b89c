import { type Choice, redriveDeadLetters } from '../../../../functions/core/inspection/dead-letters.ts';
import { answer, type Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { count } from '../../layout.ts';
import { checkChoice, handleChosen } from './handle-chosen.ts';

/** `dead-letters redrive`: puts jobs back on the queue they came from; an interruption loses nothing. */
export async function redrive(context: Context, choice: Choice): Promise<void> {
  checkChoice(choice);
  const { deadLetters } = await (await context.backend()).inspection();
  const startedAtMs = context.now();
  const { taken, left, late } = await handleChosen(context, deadLetters, 'redriven', (options) =>
    redriveDeadLetters(deadLetters, choice, { ...options, startedAtMs }),
  );
  answer(context, { redriven: taken, left }, () => `Redrove ${count(taken, 'job')}.`);
  if (late > 0) context.terminal.note(`${count(late, 'job')} came into the dead-letter queue meanwhile; left there.`);
  if (choice.all && left > late)
    throw new CliError(
      `${count(left - late, 'message')} left: neither a job nor from a queue of this stack. See \`sendoff dead-letters list\`, then purge.`,
    );
}
