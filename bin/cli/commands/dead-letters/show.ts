import { notFoundError } from '../../cli-error.ts';
import { answer, type Context } from '../../context.ts';
import { duration, fields, printable } from '../../layout.ts';
import { emailStatuses, view } from './list.ts';
import type { DeadLetter } from './queue.ts';
import { walk } from './walk.ts';

/** `dead-letters show JOB`: one job with its body; SQS finds a message only by receiving up to it, so that is how it is looked for. */
export async function showDeadLetter(context: Context, id: string): Promise<void> {
  const backend = await context.backend();
  const queue = await backend.deadLetters();
  const found: DeadLetter[] = [];
  const look = async (letter: DeadLetter) => {
    if (letter.id === id) found.push(letter);
    return 'left' as const;
  };
  await walk(queue, look, { signal: context.terminal.interruption(), enough: () => found.length > 0 });
  const [letter] = found;
  if (!letter) throw notFoundError(`No job in the dead-letter queue has the id ${id}. See: sendoff dead-letters list`);
  const statuses = await emailStatuses(backend.table, found);
  const entry = view(letter, statuses.get(letter.emailId ?? ''), context.now());
  answer(context, { ...entry, body: letter.body }, () =>
    [
      fields([
        ['Job', entry.id],
        ['Task', printable(entry.task ?? 'not a job: no worker of this version can run it')],
        ['Attempt', entry.attempt ?? undefined],
        ['Email', letter.emailId && `${printable(letter.emailId)} (${entry.email_status ?? 'no such email'})`],
        ['Received', `${entry.received} times`],
        ['Queued', entry.queued_at ? `${entry.queued_at} (${duration(entry.age_ms ?? 0)} ago)` : undefined],
        ['Came from', letter.sourceQueue],
      ]),
      '',
      printable(letter.body),
      ...(letter.emailId ? ['', `Why: sendoff tail --since 14d --no-follow --email ${printable(letter.emailId)}`] : []),
    ].join('\n'),
  );
}
