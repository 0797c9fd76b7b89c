import { answer, type Context } from '../../context.ts';
import { notFoundError } from '../../errors.ts';
import { duration, fields, printable } from '../../layout.ts';
import { emailStatuses, view } from './list.ts';

/** `dead-letters show JOB`: one job with its body. */
export async function show(context: Context, id: string): Promise<void> {
  const backend = await context.backend();
  const { deadLetters } = await backend.inspection();
  const letter = await deadLetters.find(id, context.terminal.interruption());
  if (!letter) throw notFoundError(`No job in the dead-letter queue has the id ${id}. See: sendoff dead-letters list`);
  const statuses = await emailStatuses(backend.table, [letter]);
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
