import type { Context } from 'hono';
import { type PageRequest, pageOf } from '../../core/document/list.ts';
import { acceptRun } from '../../core/run/accept.ts';
import type { Caller } from '../authenticate.ts';
import { readOptionalJson } from '../read-json.ts';
import { declaredTasks, findTask, type TaskRouteDependencies } from './declared.ts';
import { readCall } from './request.ts';
import { taskView } from './view.ts';

/** `GET /tasks`. */
export async function listTasks(context: Context<Caller>, { tasks }: TaskRouteDependencies): Promise<Response> {
  const all = declaredTasks(tasks);
  const { items, hasMore } = pageOf(all, ({ name }) => name, context.req.query() as PageRequest);
  return context.json({ object: 'list', has_more: hasMore, data: items.map((task) => taskView(task, undefined)) });
}

/** `GET /tasks/{name}`. */
export async function getTask(context: Context<Caller>, { tasks }: TaskRouteDependencies): Promise<Response> {
  const task = findTask(tasks, context.req.param('name') ?? '');
  return context.json({ object: 'task', ...taskView(task, undefined) });
}

/** `POST /tasks/{name}`: makes a run. */
export async function callTask(context: Context<Caller>, dependencies: TaskRouteDependencies): Promise<Response> {
  const { tasks, now, newId } = dependencies;
  const task = findTask(tasks, context.req.param('name') ?? '');
  const { value } = await readOptionalJson(context);
  const call = await readCall(task, value, {
    tasks,
    nowMs: now(),
    headerKey: context.req.header('idempotency-key'),
    keyId: context.get('apiKey').id,
  });
  const id = await acceptRun(call, { backend: tasks.backend(), now, newId });
  return context.json({ object: 'run', id }, 202);
}
