import { type Api, type Json, Refusal, withApi } from '../../api.ts';
import { answer, type Context, confirm } from '../../context.ts';
import { CliError, exitCodes, explain, usageError } from '../../errors.ts';
import { columns, count, printable } from '../../layout.ts';
import { pagesOf } from './pages.ts';

interface RetryOptions {
  readonly failed?: boolean;
  readonly task?: string;
  readonly since?: (nowMs: number) => number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Requests under way at once. */
const AT_ONCE = 10;
const SHOWN_ERRORS = 20;
const LONGEST_ERROR = 100;

/** `tasks retry`: runs failed runs again, those named or all of a time. */
export async function retryRuns(context: Context, ids: readonly string[], options: RetryOptions): Promise<void> {
  const { failed, task, since, dryRun, yes } = options;
  if (failed ? ids.length > 0 : ids.length === 0) throw usageError('Give the ids of runs, or --failed.');
  if (!failed && (task !== undefined || since || dryRun))
    throw usageError('--task, --since and --dry-run choose among --failed.');
  await withApi(context, async (api) => {
    if (!failed) {
      for (const id of ids) await api.ask('POST', pathOf(id));
      return answer(context, { retried: ids.length, left: 0 }, () => `Retried ${count(ids.length, 'run')}.`);
    }
    await retryFailed(context, api, { task, sinceMs: since?.(context.now()) }, { dryRun, yes });
  });
}

interface Choice {
  readonly task: string | undefined;
  readonly sinceMs: number | undefined;
}

async function retryFailed(
  context: Context,
  api: Api,
  choice: Choice,
  { dryRun, yes }: Pick<RetryOptions, 'dryRun' | 'yes'>,
): Promise<void> {
  const signal = context.terminal.interruption();
  const runs = await findFailed(context, api, choice, signal);
  const errors = errorsOf(runs);
  const view = { failed: runs.length, errors };
  if (dryRun || runs.length === 0)
    return answer(context, { ...view, retried: 0, left: 0 }, () => summary(context, runs.length, errors));
  if (!context.json) context.terminal.note(summary(context, runs.length, errors));
  if (!yes) await confirm(context, `Run ${count(runs.length, 'failed run')} again?`);
  // The oldest first.
  const ids = runs.map(({ id }) => id).reverse();
  const { retried, left } = await retryAll(context, api, ids, signal);
  answer(context, { ...view, retried, left }, () =>
    [`Retried ${count(retried, 'run')}.`, ...(left > 0 ? [`${left} had not failed any more.`] : [])].join(' '),
  );
}

async function findFailed(context: Context, api: Api, choice: Choice, signal: AbortSignal): Promise<Json[]> {
  const { task, sinceMs = Number.NEGATIVE_INFINITY } = choice;
  const runs: Json[] = [];
  for await (const page of pagesOf(api, '/runs', { status: 'failed', task })) {
    const chosen = page.filter(({ created_at }) => Date.parse(created_at) >= sinceMs);
    runs.push(...chosen);
    context.terminal.progress(`looking for failed runs … ${runs.length}`);
    if (signal.aborted) throw new CliError('Stopped before anything was done.', exitCodes.interrupted);
    // The list is newest first.
    if (chosen.length < page.length) break;
  }
  return runs;
}

/** Retries runs, some at once; those that have not failed any more are left. */
async function retryAll(context: Context, api: Api, ids: readonly string[], signal: AbortSignal) {
  const counts = { retried: 0, left: 0 };
  const retryOne = async (id: string): Promise<void> => {
    try {
      await api.ask('POST', pathOf(id));
      counts.retried++;
    } catch (error) {
      const gone = error instanceof Refusal && [404, 409].includes(error.status);
      if (!gone) throw error;
      counts.left++;
    }
  };
  const stopped = (why: string, exitCode?: typeof exitCodes.interrupted, cause?: unknown) =>
    new CliError(
      `${why}: ${counts.retried} of ${count(ids.length, 'run')} retried, the oldest first. Run it again to go on.`,
      exitCode,
      { cause },
    );
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    if (signal.aborted) throw stopped('Stopped', exitCodes.interrupted);
    const results = await Promise.allSettled(ids.slice(at, at + AT_ONCE).map(retryOne));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw stopped(explain(failed.reason).line, undefined, failed.reason);
    context.terminal.progress(`retried … ${Math.min(at + AT_ONCE, ids.length)} of ${ids.length}`);
  }
  return counts;
}

interface ErrorCount {
  readonly task: string;
  readonly error: string;
  readonly runs: number;
  readonly example: string;
}

/** How many runs failed with each error, the most frequent first. */
function errorsOf(runs: readonly Json[]): ErrorCount[] {
  const groups = Map.groupBy(runs, ({ task, error }) =>
    JSON.stringify([task, error ? `${error.code}: ${error.message}` : 'unknown']),
  );
  return [...groups]
    .map(([key, members]) => {
      const [task, error] = JSON.parse(key);
      return { task, error, runs: members.length, example: members[0].id };
    })
    .sort((a, b) => b.runs - a.runs);
}

function summary({ terminal }: Context, total: number, errors: readonly ErrorCount[]): string {
  if (total === 0) return 'No failed run to retry.';
  const rows = errors
    .slice(0, SHOWN_ERRORS)
    .map(({ runs, task, example, error }) => [runs, task, example, printable(error).slice(0, LONGEST_ERROR)]);
  const more = errors.slice(SHOWN_ERRORS).reduce((sum, { runs }) => sum + runs, 0);
  return [
    columns(terminal, ['RUNS', 'TASK', 'EXAMPLE', 'ERROR'], rows),
    ...(more > 0 ? [`and ${count(more, 'run')} with ${count(errors.length - SHOWN_ERRORS, 'other error')}`] : []),
  ].join('\n');
}

const pathOf = (id: string): string => `/runs/${encodeURIComponent(id)}/retry`;
