import { type Api, type Json, withApi } from '../../api.ts';
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

/** Failed runs of one request: Ctrl-C takes effect after it. */
const AT_ONCE = 100;
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
  const retried = await retryAll(context, api, { runs, since: choice.sinceMs }, signal);
  const left = Math.max(0, runs.length - retried);
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

interface Found {
  readonly runs: readonly Json[];
  readonly since: number | undefined;
}

/** Retries what failed of the tasks of these runs, each task's oldest first; answers how many. */
async function retryAll(context: Context, api: Api, { runs, since }: Found, signal: AbortSignal): Promise<number> {
  let retried = 0;
  const stopped = (why: string, exitCode?: typeof exitCodes.interrupted, cause?: unknown) =>
    new CliError(
      `${why}: ${retried} of ${count(runs.length, 'run')} retried, the oldest first. Run it again to go on.`,
      exitCode,
      { cause },
    );
  const request = { limit: AT_ONCE, since: since === undefined ? null : new Date(since).toISOString() };
  for (const task of new Set<string>(runs.map((run) => run.task)))
    for (let after: string | undefined, more = true; more; ) {
      if (signal.aborted) throw stopped('Stopped', exitCodes.interrupted);
      const answered = await api.ask('POST', '/runs/retry', { task, ...request, after }).catch((error: unknown) => {
        throw stopped(explain(error).line, undefined, error);
      });
      retried += answered.retried;
      after = answered.next;
      more = answered.has_more;
      context.terminal.progress(`retried … ${retried} of ${runs.length}`);
    }
  return retried;
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
