import type { Context } from 'hono';
import { invalid } from '../../core/errors.ts';
import { TASK_NAME } from '../../core/run/manifest.ts';
import { type RunStatus, runStatuses } from '../../core/run/run.ts';
import { listRuns as pageOfRuns } from '../../core/run/store.ts';
import type { Caller } from '../authenticate.ts';
import { declaredTasks, type TaskRouteDependencies, unknownTask } from '../tasks/declared.ts';
import { runSummary } from './view.ts';

/** `GET /runs`: the runs of one task or of all, newest first. */
export async function listRuns(context: Context<Caller>, { tasks }: TaskRouteDependencies): Promise<Response> {
  const all = declaredTasks(tasks);
  const { task, status: given, limit, after, before } = context.req.query();
  const status = given === undefined ? undefined : statusOf(given);
  const isDeclared = task === undefined || all.some(({ name }) => name === task);
  // A task that is no longer declared may have runs.
  if (!isDeclared && !TASK_NAME.test(task)) throw unknownTask(task, all);
  const names = task === undefined ? all.map(({ name }) => name) : [task];
  const { table } = tasks.backend();
  const { items, hasMore } = await pageOfRuns(table, { tasks: names, status, limit, after, before });
  if (!isDeclared && items.length === 0 && !hasMore && after === undefined) throw unknownTask(task, all);
  return context.json({ object: 'list', has_more: hasMore, data: items.map(runSummary) });
}

function statusOf(given: string): RunStatus {
  const status = runStatuses.find((one) => one === given);
  if (status === undefined)
    throw invalid(`Invalid \`status\`: it must be ${runStatuses.join(', ')}.`, 'validation_error');
  return status;
}
