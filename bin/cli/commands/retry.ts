import {
  type FailedChoice,
  type FailedEmails,
  type FailureReason,
  findFailed,
  retryFailed,
} from '../../../functions/core/email/failed.ts';
import { type EmailRecord, recordKey } from '../../../functions/core/email/record.ts';
import { retryEmail } from '../../../functions/core/email/reschedule.ts';
import { answer, type Context, confirm } from '../context.ts';
import { CliError, exitCodes, explain, notFoundError, usageError } from '../errors.ts';
import { columns, count, printable } from '../layout.ts';
import { noteHold } from './hold.ts';

interface RetryOptions {
  readonly failed?: boolean;
  readonly since?: (nowMs: number) => number;
  readonly until?: (nowMs: number) => number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** The reasons that are shown; the others are counted together. */
const SHOWN_REASONS = 20;
const LONGEST_REASON = 100;

/** `retry`: sends failed emails again, those named or all of a time. */
export async function retryEmails(
  context: Context,
  ids: readonly string[],
  { failed, since, until, reason, dryRun, yes }: RetryOptions,
): Promise<void> {
  if (failed ? ids.length > 0 : ids.length === 0) throw usageError('Give the ids of emails, or --failed.');
  if (!failed && (since || until || reason !== undefined || dryRun))
    throw usageError('--since, --until, --reason and --dry-run choose among --failed.');
  if (!failed) return retryNamed(context, ids);
  const nowMs = context.now();
  await retryAllFailed(context, { sinceMs: since?.(nowMs), untilMs: until?.(nowMs), reason }, { dryRun, yes });
}

async function retryNamed(context: Context, ids: readonly string[]): Promise<void> {
  const backend = await context.backend();
  for (const id of ids) {
    const record = await backend.table.get<EmailRecord>(recordKey(id));
    if (!record) throw notFoundError(`No email has the id ${id}.`);
    const { applied, document } = await retryEmail(record, { backend, nowMs: context.now() });
    if (!applied) throw new CliError(`${id} is ${(document ?? record).status}: only a failed email can be retried.`);
  }
  answer(context, { retried: ids.length, left: 0 }, () => `Retried ${count(ids.length, 'email')}.`);
}

async function retryAllFailed(
  context: Context,
  choice: FailedChoice,
  { dryRun, yes }: Pick<RetryOptions, 'dryRun' | 'yes'>,
): Promise<void> {
  const { terminal } = context;
  const backend = await context.backend();
  const signal = terminal.interruption();
  const found = await findFailed(backend, choice, {
    signal,
    onProgress: (emails) => terminal.progress(`looking for failed emails … ${emails} examined`),
  });
  if (found.stopped) throw new CliError('Stopped before anything was done.', exitCodes.interrupted);
  const view = { failed: found.ids.length, without_body: found.withoutBody, reasons: found.reasons };
  if (dryRun || found.ids.length === 0)
    return answer(context, { ...view, retried: 0, left: 0 }, () => summary(context, found));
  if (!context.json) terminal.note(summary(context, found));
  await noteHold(context);
  if (!yes) await confirm(context, `Send ${count(found.ids.length, 'failed email')} again?`);
  const { retried, left } = await retryFound(context, found.ids, signal);
  answer(context, { ...view, retried, left }, () =>
    [`Retried ${count(retried, 'email')}.`, ...(left > 0 ? [`${left} had not failed any more.`] : [])].join(' '),
  );
}

async function retryFound(context: Context, ids: readonly string[], signal: AbortSignal) {
  const { terminal, now } = context;
  let done = 0;
  const onProgress = (emails: number) => {
    done = emails;
    terminal.progress(`retried … ${emails} of ${ids.length}`);
  };
  const stopped = (why: string, exitCode?: typeof exitCodes.interrupted, cause?: unknown) =>
    new CliError(
      `${why}: ${done} of ${count(ids.length, 'email')} retried, the oldest first. Run it again to go on.`,
      exitCode,
      {
        cause,
      },
    );
  const result = await retryFailed(await context.backend(), ids, { signal, onProgress, now }).catch(
    (error: unknown) => {
      throw stopped(explain(error).line, undefined, error);
    },
  );
  if (result.stopped) throw stopped('Stopped', exitCodes.interrupted);
  return result;
}

function summary({ terminal }: Context, { ids, reasons, withoutBody }: FailedEmails): string {
  const expired = `${count(withoutBody, 'email')} cannot be sent again: the bodies have expired.`;
  const last = withoutBody > 0 ? [expired] : [];
  if (ids.length === 0) return ['No failed email to retry.', ...last].join('\n');
  const shown = reasons.slice(0, SHOWN_REASONS);
  const more = reasons.slice(SHOWN_REASONS).reduce((sum, { emails }) => sum + emails, 0);
  const rows = shown.map(({ emails, example, reason }: FailureReason) => [
    emails,
    example,
    shortened(printable(reason)),
  ]);
  return [
    columns(terminal, ['EMAILS', 'EXAMPLE', 'REASON'], rows),
    ...(more > 0 ? [`and ${count(more, 'email')} with ${count(reasons.length - SHOWN_REASONS, 'other reason')}`] : []),
    ...last,
  ].join('\n');
}

const shortened = (text: string): string =>
  text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON)}…`;
