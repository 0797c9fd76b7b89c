import type { Context } from 'hono';
import type { Clock } from '../../core/clock/clock.ts';
import type { ClockDependencies } from '../../core/clock/handover.ts';
import {
  listClocks as allClocks,
  pauseClock as pause,
  readClock,
  resumeClock as resume,
  runClock as run,
} from '../../core/clock/store.ts';
import { type PageRequest, pageOf } from '../../core/document/list.ts';
import { notFound } from '../../core/errors.ts';
import type { TaskDescription } from '../../core/run/definition/manifest.ts';
import type { Caller } from '../authenticate.ts';
import { declaredTasks, findTask } from '../tasks/declared.ts';
import type { TaskRouteDependencies } from '../tasks/user-tasks.ts';
import { clockView } from './view.ts';

type Answer = (context: Context<Caller>, dependencies: TaskRouteDependencies) => Promise<Response>;

/** `GET /clocks`, by the names of their tasks. */
export const listClocks: Answer = async (context, dependencies) => {
  const { backend, tasks } = clockDependencies(dependencies);
  const stored = await allClocks(backend.table);
  const waiting = tasks.filter(({ name, cron }) => cron && !stored.some(({ task }) => task === name)).map(notYetStored);
  const clocks = [...stored, ...waiting].sort((a, b) => (a.task < b.task ? -1 : 1));
  const { items, hasMore } = pageOf(clocks, ({ task }) => task, context.req.query() as PageRequest);
  return context.json({ object: 'list', has_more: hasMore, data: items.map(clockView) });
};

/** `GET /clocks/{task}`. */
export const getClock: Answer = async (context, dependencies) => {
  const { backend } = clockDependencies(dependencies);
  const task = taskOf(context, dependencies);
  const clock = (await readClock(backend.table, task.name)) ?? notYetStored(task);
  return context.json({ object: 'clock', ...clockView(clock) });
};

/** `POST /clocks/{task}/pause`. */
export const pauseClock: Answer = async (context, dependencies) => {
  const { name } = taskOf(context, dependencies);
  return context.json({ object: 'clock', ...clockView(await pause(name, clockDependencies(dependencies))) });
};

/** `POST /clocks/{task}/resume`. */
export const resumeClock: Answer = async (context, dependencies) => {
  const { name } = taskOf(context, dependencies);
  return context.json({ object: 'clock', ...clockView(await resume(name, clockDependencies(dependencies))) });
};

/** `POST /clocks/{task}/run`: makes a run now, beside the clock. */
export const runClock: Answer = async (context, dependencies) => {
  const { name } = taskOf(context, dependencies);
  const id = await run(name, clockDependencies(dependencies), context.get('apiKey').id);
  return context.json({ object: 'run', id }, 202);
};

function clockDependencies({ tasks, now, newId, log }: TaskRouteDependencies): ClockDependencies {
  const declared = declaredTasks(tasks);
  return { backend: tasks.backend(), tasks: declared, now, newId, log };
}

/** The task whose clock is meant; 404 for one without a clock. */
function taskOf(context: Context<Caller>, { tasks }: TaskRouteDependencies): TaskDescription {
  const task = findTask(tasks, context.req.param('task') ?? '');
  if (!task.cron) throw notFound(`A clock of \`${task.name}\``);
  return task;
}

/** The schedule stores the clocks of a deployment within a minute. */
const notYetStored = ({ name, cron }: TaskDescription): Clock => ({ task: name, ...cron, skipped: 0, createdAtMs: 0 });
