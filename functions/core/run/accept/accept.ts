import { timeSort } from '../../document/time-sort.ts';
import { checkIdempotencyKey } from '../../email/accept/idempotency.ts';
import { invalid, SendoffError } from '../../errors.ts';
import { sha256 } from '../../ids.ts';
import type { Backend, Submission } from '../../ports/backend.ts';
import type { OutgoingJob } from '../../ports/broker.ts';
import {
  DUE_RUNS,
  type ExecuteArgs,
  type OnceArgs,
  RUN_EXECUTE,
  RUN_ONCE,
  type RunRecord,
  runKey,
  runPartition,
  runQueue,
  WAITING_MS,
} from '../run.ts';
import { type JsonToStore, toStore } from '../stored-json.ts';
import type { AcceptRequest } from './request.ts';

export interface AcceptDependencies {
  /** Where the runs are: with `backend=redis` that of the tasks. */
  readonly backend: Pick<Backend, 'table' | 'bodies' | 'broker' | 'submit' | 'delayHorizonMs'>;
  readonly now: () => number;
  readonly newId: () => string;
}

const DAY_MS = 86_400_000;
/** The furthest that a call may be due ahead, and the longest that a key may be taken. */
export const MOST_AHEAD_MS = 30 * DAY_MS;
const MOST_ARGS_BYTES = 5 * 1024 * 1024;
/** SQS bills a message for each 64 KB. */
const ONCE_INLINE_BYTES = 60 * 1024;

/**
 * Makes a call of a task durable; answers the id of its run. One round trip; with an idempotency key one more.
 *
 * @throws 409 `invalid_idempotent_request` when the key was used with other arguments; 422 for a time or arguments out of range.
 * @throws 503 when it is not durable; with an idempotency key the caller may repeat it.
 */
export async function acceptRun(request: AcceptRequest, dependencies: AcceptDependencies): Promise<string> {
  const [id = ''] = await acceptRuns([request], dependencies);
  return id;
}

/** The same for several; answers the ids in order. If it throws, some may be accepted. */
export async function acceptRuns(
  requests: readonly AcceptRequest[],
  dependencies: AcceptDependencies,
): Promise<string[]> {
  const nowMs = dependencies.now();
  for (const request of requests) check(request, nowMs);
  const named = await Promise.all(requests.map((request) => nameRun(request, nowMs, dependencies)));
  const kept = named.filter(({ request }) => request.task.keep);
  const submissions = kept.map((one) => submissionOf(one, nowMs, dependencies.backend.delayHorizonMs));
  await Promise.all([
    submissions.length > 0 ? dependencies.backend.submit(submissions) : undefined,
    sendOnce(
      named.filter(({ request, sent }) => !request.task.keep && !sent),
      dependencies,
    ),
  ]);
  return named.map(({ id }) => id);
}

function check({ argsJson = '', dueAtMs, notAfterMs, idempotencyKey, uniqueMs }: AcceptRequest, nowMs: number): void {
  checkIdempotencyKey(idempotencyKey);
  if (Buffer.byteLength(argsJson) > MOST_ARGS_BYTES)
    throw invalid('The arguments of a task may have at most 5 MB of JSON.');
  if (dueAtMs !== undefined && !(dueAtMs <= nowMs + MOST_AHEAD_MS))
    throw invalid('A task can be due at most 30 days ahead.');
  if (notAfterMs !== undefined && !(notAfterMs > Math.max(nowMs, dueAtMs ?? 0)))
    throw invalid('The time when a call expires must be later than now, and than the time when it is due.');
  if (uniqueMs !== undefined && !(uniqueMs >= 1_000 && uniqueMs <= MOST_AHEAD_MS))
    throw invalid('An idempotency key can be taken for 1 second to 30 days.');
}

interface NamedRun {
  readonly request: AcceptRequest;
  readonly id: string;
  readonly keyUntilMs?: number;
  /** The key under which a run without a record was called. */
  readonly keyDocument?: string;
  /** True when its message was sent by an earlier request with this key. */
  readonly sent?: boolean;
}

type RunKey = { readonly runId: string; readonly fingerprint: string; readonly sent?: boolean };

/** The id of the run: a new one, or with an idempotency key that of the first call with it. */
async function nameRun(
  request: AcceptRequest,
  nowMs: number,
  { backend, newId }: AcceptDependencies,
): Promise<NamedRun> {
  const { idempotencyKey, uniqueMs = DAY_MS, task, argsJson = '' } = request;
  const id = request.id ?? newId();
  if (idempotencyKey === undefined) return { request, id };
  const key = `run-key#${sha256(JSON.stringify([task.name, idempotencyKey])).slice(0, 40)}`;
  const fingerprint = sha256(canonical(argsJson)).slice(0, 32);
  const expiresAtMs = nowMs + uniqueMs;
  const { document } = await backend.table.insert<RunKey>({ key, fields: { runId: id, fingerprint }, expiresAtMs });
  if (document && document.fingerprint !== fingerprint)
    throw new SendoffError(
      'invalid_idempotent_request',
      409,
      `This idempotency key has been used for ${task.name} with other arguments.`,
    );
  return {
    request,
    id: document?.runId ?? id,
    keyUntilMs: expiresAtMs,
    keyDocument: key,
    sent: document?.sent === true,
  };
}

/** JSON with the fields of each object in one order: callers may write them in another. */
function canonical(json: string): string {
  if (json === '') return '';
  return JSON.stringify(JSON.parse(json), (_, value) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** When a run that waits until `dueAtMs` is given up and deleted, epoch ms. */
export const waitingExpiry = (dueAtMs: number, { keepMs, keyUntilMs = 0 }: Pick<RunRecord, 'keepMs' | 'keyUntilMs'>) =>
  Math.max(dueAtMs + keepMs + WAITING_MS, keyUntilMs);

/** The job of a kept run. Jobs of one task share the workers fairly with those of others. */
export function executeJob(
  { id, task, priority }: Pick<RunRecord, 'id' | 'task' | 'priority'>,
  dueAtMs?: number,
): OutgoingJob {
  const args: ExecuteArgs = { id, task };
  return { queue: runQueue(priority), job: { group: task, task: RUN_EXECUTE, args, attempt: 1, dueAtMs } };
}

/** The entry by which the schedule finds a run that is due later than the broker can delay. */
export const dueRunEntry = (dueAtMs: number, id: string, delayHorizonMs: number) => ({
  partition: DUE_RUNS,
  sort: timeSort(dueAtMs - delayHorizonMs, id),
});

function submissionOf({ request, id, keyUntilMs }: NamedRun, nowMs: number, delayHorizonMs: number): Submission {
  const { task, argsJson, dueAtMs, notAfterMs, group, then, previous, tickMs, keyId, priority } = request;
  const args = argsJson === undefined ? undefined : toStore(argsJson, id, 'args');
  const record: RunRecord = {
    id,
    task: task.name,
    status: 'queued',
    priority: priority ?? task.priority,
    args: args?.stored,
    attempts: 0,
    createdAtMs: nowMs,
    dueAtMs: dueAtMs !== undefined && dueAtMs > nowMs ? dueAtMs : undefined,
    notAfterMs,
    group,
    then,
    previous,
    tickMs,
    keyId,
    keepMs: task.keepDays * DAY_MS,
    keyUntilMs,
  };
  const { dueAtMs: at = nowMs } = record;
  const later = at - nowMs > delayHorizonMs;
  return {
    record: {
      key: runKey(id),
      fields: record,
      list: { partition: runPartition(task.name), sort: timeSort(nowMs, id) },
      ...(later ? { due: dueRunEntry(at, id, delayHorizonMs) } : {}),
      expiresAtMs: waitingExpiry(at, record),
    },
    ...(args?.body ? { body: args.body } : {}),
    ...(later ? {} : { job: executeJob(record, record.dueAtMs) }),
    repeatable: keyUntilMs !== undefined || request.id !== undefined,
  };
}

/** Sends the messages of runs that are not kept; large arguments are stored first. */
async function sendOnce(runs: readonly NamedRun[], { backend, now }: AcceptDependencies): Promise<void> {
  if (runs.length === 0) return;
  const jobs = runs.map((run) => ({ run, args: onceArgs(run) }));
  await Promise.all(
    jobs.map(({ run: { request }, args }) =>
      args?.body
        ? backend.bodies.put(args.body.key, args.body.bytes, (request.dueAtMs ?? now()) + WAITING_MS)
        : undefined,
    ),
  );
  await backend.broker.send(jobs.map(({ run, args }) => onceJob(run, args)));
  await Promise.all(
    runs.map(({ keyDocument }) => keyDocument && backend.table.update(keyDocument, { set: { sent: true } })),
  );
}

const onceArgs = ({ request: { argsJson }, id }: NamedRun): JsonToStore | undefined =>
  argsJson === undefined ? undefined : toStore(argsJson, id, 'args', ONCE_INLINE_BYTES);

function onceJob({ request, id }: NamedRun, stored: JsonToStore | undefined): OutgoingJob {
  const { task, priority = task.priority, dueAtMs, notAfterMs } = request;
  const args: OnceArgs = { id, task: task.name, ...(stored ? { args: stored.stored } : {}) };
  return {
    queue: runQueue(priority),
    job: { group: task.name, task: RUN_ONCE, args, attempt: 1, dueAtMs, expiresAtMs: notAfterMs },
  };
}
