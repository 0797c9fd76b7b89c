import type { Context } from 'hono';
import { type Clock, clockKey } from '../../core/clock/clock.ts';
import { type PageRequest, pageOf } from '../../core/document/list.ts';
import { acceptRun } from '../../core/run/accept/accept.ts';
import type { TaskDescription } from '../../core/run/definition/manifest.ts';
import type { Caller } from '../authenticate.ts';
import { readOptionalJson } from '../read-json.ts';
import { declaredTasks, findTask } from './declared.ts';
import { readCall } from './request.ts';
import type { TaskRouteDependencies } from './user-tasks.ts';
import { taskView } from './view.ts';

type Answer = (context: Context<Caller>, dependencies: TaskRouteDependencies) => Promise<Response>;

/** `GET /tasks`, in the order of the file. */
export const listTasks: Answer = async (context, dependencies) => {
  const all = declaredTasks(dependencies.tasks);
  const { items, hasMore } = pageOf(all, ({ name }) => name, context.req.query() as PageRequest);
  return context.json({ object: 'list', has_more: hasMore, data: await views(items, dependencies) });
};

/** `GET /tasks/{name}`. */
export const getTask: Answer = async (context, dependencies) => {
  const task = findTask(dependencies.tasks, context.req.param('name') ?? '');
  const [view] = await views([task], dependencies);
  return context.json({ object: 'task', ...view });
};

/** `POST /tasks/{name}`: makes a run. */
export const callTask: Answer = async (context, { tasks, now, newId }) => {
  const task = findTask(tasks, context.req.param('name') ?? '');
  const { value } = await readOptionalJson(context);
  const headerKey = context.req.header('idempotency-key');
  const call = await readCall(task, value, headerKey, { tasks, nowMs: now(), keyId: context.get('apiKey').id });
  const id = await acceptRun(call, { backend: tasks.backend(), now, newId });
  return context.json({ object: 'run', id }, 202);
};

/** The tasks with the next run of those that have a clock. */
async function views(some: readonly TaskDescription[], { tasks }: TaskRouteDependencies) {
  const keys = some.filter(({ cron }) => cron).map(({ name }) => clockKey(name));
  const clocks = keys.length > 0 ? await tasks.backend().table.getMany<Clock>(keys, { mayLag: true }) : [];
  const clockOf = new Map(clocks.map((clock) => [clock?.task, clock]));
  return some.map((task) => taskView(task, clockOf.get(task.name)));
}
