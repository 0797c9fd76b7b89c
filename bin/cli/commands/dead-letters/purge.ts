import type { Choice } from '../../../../functions/core/inspection/dead-letters.ts';
import { purgeDeadLetters } from '../../../../functions/core/inspection/purge.ts';
import { answer, type Context, confirm } from '../../context.ts';
import { count } from '../../layout.ts';
import { checkChoice, handleChosen } from './handle-chosen.ts';

/** `dead-letters purge`: deletes jobs; an email that waited for one ends as failed, with the reason, and can be retried. */
export async function purge(context: Context, choice: Choice & { yes?: boolean }): Promise<void> {
  checkChoice(choice);
  const { table, inspection } = await context.backend();
  const { deadLetters } = await inspection();
  if (!choice.yes) {
    const what = choice.all
      ? `all jobs in the dead-letter queue (about ${await deadLetters.count()})`
      : count(choice.ids.length, 'job');
    await confirm(context, `Delete ${what}? The emails they were to send will not be sent.`);
  }
  const { taken, emailsFailed } = await handleChosen(context, deadLetters, 'purged', (options) =>
    purgeDeadLetters({ deadLetters, table }, choice, { ...options, now: context.now }),
  );
  answer(
    context,
    { purged: taken, emails_failed: emailsFailed },
    () => `Purged ${count(taken, 'job')}; ${count(emailsFailed, 'email')} ended as failed.`,
  );
}
