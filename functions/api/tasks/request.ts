import { checkIdempotencyKey } from '../../core/email/accept/idempotency.ts';
import { parseScheduledAt } from '../../core/email/accept/schedule-time.ts';
import { invalid } from '../../core/errors.ts';
import type { AcceptRequest } from '../../core/run/accept/request.ts';
import type { TaskDescription } from '../../core/run/definition/manifest.ts';
import type { ChainCall } from '../../core/run/run.ts';
import { validate } from '../../core/validate.ts';
import { checkArgs } from './check-args.ts';
import { findTask } from './declared.ts';
import { callSchema, MAX_DAYS, memberSchema } from './schema.ts';
import type { UserTasks } from './user-tasks.ts';

/** The longest arguments, in bytes of JSON. */
const MAX_ARGS_BYTES = 5 * 1024 * 1024;
/** The deepest nesting of arguments. */
const MAX_DEPTH = 100;
/** The clock of a caller may be behind so far: a time that was ahead there means now. */
const PAST_TOLERANCE_MS = 3_600_000;
const FIELDS = ['args', ...Object.keys(callSchema.def.shape)];

/** The dependencies of reading a call. */
export interface CallContext {
  readonly tasks: UserTasks;
  readonly nowMs: number;
  readonly keyId: string;
}

/**
 * Reads one call of a task: checks its fields, and the arguments against the task's schema. `headerKey` is the header `Idempotency-Key`.
 *
 * @throws 422 that names the field; 404 for a task in `then` that is not known.
 */
export async function readCall(
  task: TaskDescription,
  value: unknown,
  headerKey: string | undefined,
  context: CallContext,
): Promise<AcceptRequest> {
  const parts = apart(value);
  const fields = validate(callSchema, parts.rest, FIELDS);
  return {
    ...(await requestOf(task, fields, parts, '', context)),
    ...(fields.id ? { id: fields.id } : {}),
    idempotencyKey: keyOf(headerKey, fields.idempotency_key ?? undefined),
    uniqueMs: fields.unique_seconds == null ? undefined : fields.unique_seconds * 1_000,
  };
}

/** Reads a member of a group; `place` is where the request has it. Throws as `readCall`, and 404 for an unknown task. */
export async function readMember(value: unknown, place: string, context: CallContext): Promise<AcceptRequest> {
  if (!isObject(value)) throw invalid(`Invalid \`${place}\` field: it must be of type object.`);
  const { task: name, ...call } = value;
  if (typeof name !== 'string') throw invalid(`Missing \`${place}.task\` field.`, 'missing_required_field');
  const task = findTask(context.tasks, name);
  const parts = apart(call);
  const fields = validate(memberSchema, parts.rest, FIELDS);
  return requestOf(task, fields, parts, `${place}.`, context);
}

async function requestOf(
  task: TaskDescription,
  fields: Fields,
  { args, thenArgs }: Parts,
  place: string,
  { tasks, nowMs, keyId }: CallContext,
): Promise<AcceptRequest> {
  const dueAtMs = await dueOf(fields, nowMs);
  const notAfterMs = fields.expires == null ? undefined : await expiryOf(fields.expires, nowMs);
  if (notAfterMs !== undefined && notAfterMs < (dueAtMs ?? nowMs))
    throw invalid('Invalid `expires` field: it is before the time when it may run.');
  return {
    // A chain goes on from the record of the run, so it is kept also if its task is not.
    task: fields.then?.length ? { ...task, keep: true } : task,
    argsJson: argsJsonOf(task, args, `${place}args`),
    priority: fields.priority ?? undefined,
    dueAtMs,
    notAfterMs,
    // biome-ignore lint/suspicious/noThenProperty: a list; nothing takes it for a promise
    then: fields.then?.map((call, index) => chainCall(call, thenArgs[index], `${place}then.${index}.args`, tasks)),
    keyId,
  };
}

type Fields = ReturnType<typeof memberSchema.parse>;

interface Parts {
  readonly args: unknown;
  /** The arguments of the calls in `then`. */
  readonly thenArgs: readonly unknown[];
  readonly rest: unknown;
}

/** The arguments apart from the other fields: they have no limits but those of their size and of their own schema. */
function apart(value: unknown): Parts {
  if (!isObject(value)) return { args: undefined, thenArgs: [], rest: value };
  const { args, ...rest } = value;
  if (!Array.isArray(rest.then)) return { args, thenArgs: [], rest };
  const thenArgs = rest.then.map((call: unknown) => (isObject(call) ? call.args : undefined));
  const then = rest.then.map((call: unknown) => {
    if (!isObject(call)) return call;
    const { args: _, ...others } = call;
    return others;
  });
  return { args, thenArgs, rest: { ...rest, then } };
}

/** True for an object of JSON. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function dueOf({ in: wait, at }: Fields, nowMs: number): Promise<number | undefined> {
  if (wait != null && at != null) throw invalid('Give either `in` or `at`, not both.', 'validation_error');
  if (wait != null) return nowMs + spanMs(wait, 'in');
  return at == null ? undefined : timeOf(at, 'at', nowMs);
}

async function expiryOf(expires: number | string, nowMs: number): Promise<number> {
  return isSpan(expires) ? nowMs + spanMs(expires, 'expires') : timeOf(expires, 'expires', nowMs);
}

const timeOf = (text: string, field: string, nowMs: number): Promise<number> =>
  parseScheduledAt(text, nowMs, { field, pastToleranceMs: PAST_TOLERANCE_MS });

const SPAN = /^(?:in\s+)?(\d{1,9}(?:\.\d{1,3})?)\s*(s|seconds?|secs?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?)?$/i;
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const isSpan = (given: number | string): given is number => typeof given === 'number' || SPAN.test(given.trim());

/** Seconds, or a number with a unit, in ms; throws a 422 that names the field. */
function spanMs(given: number | string, field: string): number {
  const [, number, unit = 's'] = SPAN.exec(String(given).trim()) ?? [];
  const ms = typeof given === 'number' ? given * 1_000 : Number(number) * (unitMs[unit.charAt(0).toLowerCase()] ?? 0);
  if (Number.isNaN(ms))
    throw invalid(`Invalid \`${field}\` field: it must be seconds, or a span such as \`10 minutes\`.`);
  if (ms > MAX_DAYS * 86_400_000) throw invalid(`Invalid \`${field}\` field: it is more than ${MAX_DAYS} days.`);
  return Math.round(ms);
}

/** The idempotency key of the header or of the body; 400 for one that is too long, 422 for two that differ. */
function keyOf(header: string | undefined, field: string | undefined): string | undefined {
  checkIdempotencyKey(header);
  checkIdempotencyKey(field);
  if (header !== undefined && field !== undefined && header !== field)
    throw invalid('`idempotency_key` and the header `Idempotency-Key` differ.', 'validation_error');
  return header ?? field;
}

function chainCall(
  { task: name, priority }: { task: string; priority?: TaskDescription['priority'] | null | undefined },
  args: unknown,
  field: string,
  tasks: UserTasks,
): ChainCall {
  const task = findTask(tasks, name);
  const json = argsJsonOf(task, args, field);
  return { task: name, args: json ?? 'null', priority: priority ?? task.priority, keepDays: task.keepDays };
}

/** The arguments as JSON text; undefined if there are none. */
function argsJsonOf(task: TaskDescription, given: unknown, field: string): string | undefined {
  // A request without a body calls a task whose arguments are all optional.
  const args = given === undefined && task.args?.type === 'object' ? {} : given;
  if (args === undefined) return undefined;
  const clean = wellFormed(args, field);
  checkArgs(task, clean, field);
  const json = JSON.stringify(clean);
  if (Buffer.byteLength(json) > MAX_ARGS_BYTES) throw invalid(`Invalid \`${field}\` field: it has more than 5 MB.`);
  return json;
}

/** The value with U+FFFD for each half of a surrogate pair, in names, too. */
function wellFormed(value: unknown, field: string, depth = 0): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw invalid(`Invalid \`${field}\` field: it is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) return value.map((entry) => wellFormed(entry, field, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name.toWellFormed(), wellFormed(entry, field, depth + 1)]),
  );
}
