import type { Context } from 'hono';
import { invalid, notFound } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { TASK_NAME } from '../../core/run/definition/manifest.ts';
import { listMembers } from '../../core/run/group/store.ts';
import { type RunStatus, runStatuses } from '../../core/run/run.ts';
import { listRuns as pageOfRuns, type RunPage } from '../../core/run/store.ts';
import type { Caller } from '../authenticate.ts';
import { declaredTasks, unknownTask } from '../tasks/declared.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';
import { runSummary } from './view.ts';

/** `GET /runs`: the runs of one task or of all, newest first. */
export async function listRuns(context: Context<Caller>, { tasks }: TaskRouteDependencies): Promise<Response> {
  const all = declaredTasks(tasks);
  const { task, status: given, group, limit, after, before } = context.req.query();
  if (group !== undefined) {
    if (task !== undefined || given !== undefined)
      throw invalid('Give either `group`, or `task` and `status`.', 'validation_error');
    if (!isId(group)) throw notFound('Group');
    return answered(context, await listMembers(tasks.backend().table, group, { limit, after, before }));
  }
  const statuses = given === undefined ? undefined : given.split(',').map(statusOf);
  const isDeclared = task === undefined || all.some(({ name }) => name === task);
  // A task that is no longer declared may have runs.
  if (!isDeclared && !TASK_NAME.test(task)) throw unknownTask(task, all);
  const names = task === undefined ? all.map(({ name }) => name) : [task];
  const { table } = tasks.backend();
  const page = await pageOfRuns(table, { tasks: names, statuses, limit, after, before });
  if (!isDeclared && page.items.length === 0 && !page.hasMore && after === undefined) throw unknownTask(task, all);
  return answered(context, page);
}

const answered = (context: Context<Caller>, { items, hasMore, next }: RunPage): Response =>
  context.json({ object: 'list', has_more: hasMore, data: items.map(runSummary), ...(next ? { next } : {}) });

function statusOf(given: string): RunStatus {
  const status = runStatuses.find((one) => one === given);
  if (status === undefined)
    throw invalid(`Invalid \`status\`: it must be ${runStatuses.join(', ')}.`, 'validation_error');
  return status;
}
