import type { Context } from 'hono';
import { notFound } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Backend } from '../../core/ports/backend.ts';
import { cancelRun as cancel } from '../../core/run/cancel.ts';
import { TASK_NAME } from '../../core/run/definition/manifest.ts';
import { retryRun as retry, retryFailed } from '../../core/run/retry.ts';
import { isEnded, type RunRecord } from '../../core/run/run.ts';
import { readRun, readJson as readStored } from '../../core/run/store.ts';
import { parseWhole, validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { declaredTasks, unknownTask } from '../tasks/declared.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';
import { retryFailedSchema } from './schema.ts';
import { MAX_WAIT_SECONDS, untilEnded } from './until-ended.ts';
import { runDetail } from './view.ts';

export { listRuns } from './list.ts';

/** An answer has at most 6 MB; arguments that do not fit beside the result are left out. */
const MAX_VALUES_CHARACTERS = 5_000_000;

/** `GET /runs/{id}`: a run as it is; with `wait`, as soon as it has ended, or after so many seconds. */
export async function getRun(context: Context<Caller>, dependencies: TaskRouteDependencies): Promise<Response> {
  const { tasks } = dependencies;
  const waitSeconds = parseWhole(context.req.query('wait') ?? '0', 'wait', 0, MAX_WAIT_SECONDS);
  declaredTasks(tasks);
  const backend = tasks.backend();
  const found = await findRun(backend, idOf(context));
  const run = waitSeconds === 0 ? found : await untilEnded(found, waitSeconds * 1_000, { ...dependencies, backend });
  return context.json(await shown(run, backend));
}

/** `POST /runs/{id}/cancel`. */
export const cancelRun = (context: Context<Caller>, dependencies: TaskRouteDependencies): Promise<Response> =>
  changed(context, dependencies, cancel);

/** `POST /runs/{id}/retry`. */
export const retryRun = (context: Context<Caller>, dependencies: TaskRouteDependencies): Promise<Response> =>
  changed(context, dependencies, retry);

/** `POST /runs/retry`: retries failed runs of a task, a step at a time. */
export async function retryFailedRuns(
  context: Context<Caller>,
  { tasks, now }: TaskRouteDependencies,
): Promise<Response> {
  const all = declaredTasks(tasks);
  const { value } = await readJson(context);
  const { task, since, after, limit } = validate(retryFailedSchema, value, Object.keys(retryFailedSchema.shape));
  const isDeclared = all.some(({ name }) => name === task);
  // A task that is no longer declared may have runs.
  if (!isDeclared && !TASK_NAME.test(task)) throw unknownTask(task, all);
  const { retried, next } = await retryFailed(
    {
      task,
      sinceMs: since == null ? undefined : Date.parse(since),
      after: after ?? undefined,
      limit: limit ?? undefined,
    },
    { backend: tasks.backend(), now },
  );
  if (!isDeclared && retried === 0 && next === undefined && after == null) throw unknownTask(task, all);
  return context.json({ object: 'run_retry', retried, has_more: next !== undefined, ...(next ? { next } : {}) });
}

async function changed(
  context: Context<Caller>,
  { tasks, now }: TaskRouteDependencies,
  change: typeof cancel | typeof retry,
): Promise<Response> {
  declaredTasks(tasks);
  const id = idOf(context);
  if (!isId(id)) throw notFound('Run');
  await change(id, { backend: tasks.backend(), now });
  return context.json({ object: 'run', id });
}

async function findRun({ table }: Backend, id: string): Promise<RunRecord> {
  const run = isId(id) ? await readRun(table, id) : undefined;
  if (!run) throw notFound('Run');
  return run;
}

async function shown(run: RunRecord, { bodies }: Backend) {
  const [args, result] = await Promise.all([
    readStored(run.args, bodies),
    isEnded(run) ? readStored(run.result, bodies) : undefined,
  ]);
  const length = (value: unknown) => JSON.stringify(value)?.length ?? 0;
  if (length(args) + length(result) <= MAX_VALUES_CHARACTERS) return runDetail(run, { args, result });
  return { ...runDetail(run, { args: undefined, result }), truncated: ['args'] };
}

const idOf = (context: Context<Caller>): string => context.req.param('id') ?? '';
