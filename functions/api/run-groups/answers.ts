import type { Context } from 'hono';
import { invalid, notFound } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { AcceptRequest } from '../../core/run/accept/request.ts';
import { addMembers, closeGroup, createGroup } from '../../core/run/group/accept.ts';
import { type GroupThen, PIECE_MEMBERS } from '../../core/run/group/group.ts';
import { readGroup } from '../../core/run/group/store.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson, readOptionalJson } from '../read-json.ts';
import { declaredTasks, findTask } from '../tasks/declared.ts';
import { type CallContext, isObject, readMember } from '../tasks/request.ts';
import type { TaskRouteDependencies, UserTasks } from '../tasks/user-tasks.ts';
import { createGroupSchema, pieceSchema } from './schema.ts';
import { groupView } from './view.ts';

type Answer = (context: Context<Caller>, dependencies: TaskRouteDependencies) => Promise<Response>;

/** `POST /run-groups`. */
export const postGroup: Answer = async (context, dependencies) => {
  const { tasks } = dependencies;
  declaredTasks(tasks);
  const { value } = await readOptionalJson(context);
  const { then } = validate(createGroupSchema, value, ['then']);
  // biome-ignore lint/suspicious/noThenProperty: an object of type GroupThen; nothing takes it for a promise
  const group = { then: then ? thenOf(then, tasks) : undefined, keyId: context.get('apiKey').id };
  return context.json({ object: 'run_group', id: await createGroup(group, accepting(dependencies)) }, 201);
};

/** `GET /run-groups/{id}`. */
export const getGroup: Answer = async (context, dependencies) => {
  declaredTasks(dependencies.tasks);
  return context.json(await shown(idOf(context), dependencies));
};

/** `POST /run-groups/{id}/members`: accepts a piece of its members. */
export const postMembers: Answer = async (context, dependencies) => {
  const { tasks, now } = dependencies;
  declaredTasks(tasks);
  const id = idOf(context);
  const { value } = await readJson(context);
  const { calls: given, ...rest } = isObject(value) ? value : { calls: undefined };
  const { first } = validate(pieceSchema, isObject(value) ? rest : value, ['first', 'calls']);
  const calls = await callsOf(given, { tasks, nowMs: now(), keyId: context.get('apiKey').id });
  const runs = await addMembers(id, first, calls, accepting(dependencies));
  return context.json({ object: 'run_group', id, runs: runs.map((run) => ({ id: run })) }, 202);
};

/** `POST /run-groups/{id}/close`: no more members come. */
export const postClose: Answer = async (context, dependencies) => {
  declaredTasks(dependencies.tasks);
  const id = idOf(context);
  await closeGroup(id, accepting(dependencies));
  return context.json(await shown(id, dependencies));
};

const accepting = ({ tasks, now, newId }: TaskRouteDependencies) => ({ backend: tasks.backend(), now, newId });

function thenOf(
  { task: name, priority }: { task: string; priority?: GroupThen['priority'] | null | undefined },
  tasks: UserTasks,
): GroupThen {
  const task = findTask(tasks, name);
  return { task: name, priority: priority ?? task.priority, keepDays: task.keepDays };
}

async function callsOf(given: unknown, context: CallContext): Promise<AcceptRequest[]> {
  if (given == null) throw invalid('Missing `calls` field.', 'missing_required_field');
  if (!Array.isArray(given) || given.length < 1 || given.length > PIECE_MEMBERS)
    throw invalid(`Invalid \`calls\` field: it must be a list of 1 to ${PIECE_MEMBERS} calls.`);
  const calls: AcceptRequest[] = [];
  for (const [index, call] of given.entries()) calls.push(await readMember(call, `calls.${index}`, context));
  return calls;
}

async function shown(id: string, { tasks }: TaskRouteDependencies) {
  const group = await readGroup(tasks.backend().table, id);
  if (!group) throw notFound('Group');
  return groupView(group);
}

/** The id of the path; 404 for what cannot be one. */
function idOf(context: Context<Caller>): string {
  const id = context.req.param('id') ?? '';
  if (!isId(id)) throw notFound('Group');
  return id;
}
