import type { FieldValue } from '../ports/table.ts';
import type { QueueName } from '../queues.ts';
import type { RunPriority } from './definition/manifest.ts';

export const endStatuses = ['succeeded', 'failed', 'canceled', 'expired'] as const;
export type EndStatus = (typeof endStatuses)[number];
export const runStatuses = ['queued', 'running', ...endStatuses] as const;
export type RunStatus = (typeof runStatuses)[number];

/** A value as JSON text (so that each database keeps every number and list as it is), or the key of the body that holds it. */
export type StoredJson = { readonly json: string } | { readonly body: string };

/** Why an attempt failed. `code`: `error` for one that the task threw, or one of Sendoff's own. */
export type RunError = {
  readonly code: RunErrorCode;
  readonly message: string;
  readonly stack?: string;
};

export type RunErrorCode =
  | 'error'
  | 'timeout'
  | 'crashed'
  | 'invalid_args'
  | 'unknown_task'
  | 'args_expired'
  | 'result_too_large'
  | 'result_not_json'
  | 'too_many_steps';

/** An event between the accept and the end of a run. The accept, the first start and the end are fields of their own. */
export type RunEvent = {
  readonly atMs: number;
  readonly type: 'retry' | 'crashed' | 'continued' | 'retried' | 'refused';
  /** The attempt that it ended. */
  readonly attempt?: number;
  readonly reason?: string;
};

/** A call that follows the success of another. */
export type ChainCall = {
  readonly task: string;
  /** JSON text. */
  readonly args: string;
  readonly priority: RunPriority;
  readonly keepDays: number;
};

/** One call of a task that is kept: the document `run#<id>`. */
export type RunRecord = {
  readonly id: string;
  readonly task: string;
  /** A run that waits for its next attempt is `queued` with attempts > 0. */
  readonly status: RunStatus;
  readonly priority: RunPriority;
  readonly args?: StoredJson;
  /** Starts, of which those that ended in a crash are also in `crashes`. */
  readonly attempts: number;
  readonly crashes?: number;
  readonly createdAtMs: number;
  readonly dueAtMs?: number;
  /** It expires unless its first attempt has begun by then. */
  readonly notAfterMs?: number;
  /** The start of the last attempt. */
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** Unique for each attempt. */
  readonly claimedBy?: string;
  readonly leaseUntilMs?: number;
  readonly progress?: { readonly done: number; readonly total?: number };
  readonly result?: StoredJson;
  readonly error?: RunError;
  readonly events?: readonly RunEvent[];
  readonly group?: { readonly id: string; readonly member: number };
  /** The calls that follow its success, one after the other. */
  readonly then?: readonly ChainCall[];
  /** In a chain: the result of the run before. */
  readonly previous?: StoredJson;
  /** The moment that the run is for, if a clock made it. */
  readonly tickMs?: number;
  /** The id of the API key that called, if one did. */
  readonly keyId?: string;
  /** How often it has continued with other arguments. */
  readonly continued?: number;
  /** How long it is kept after its end. */
  readonly keepMs: number;
  /** When its idempotency key is free again; it is kept until then at least. */
  readonly keyUntilMs?: number;
  /** True when all that follows from its end is done. */
  readonly settled?: boolean;
  /** The results of steps: JSON text (empty: undefined), or the key of a body. */
  readonly [step: `step:${string}`]: string | { readonly body: string };
};

/** A run that has ended. */
export type EndedRun = RunRecord & { readonly status: EndStatus; readonly endedAtMs: number };

/** A run that has not ended, and its bodies, are kept for so long beyond its own retention. */
export const WAITING_MS = 30 * 86_400_000;
/** The field of a step on the record is this with the name of the step. */
export const STEP = 'step:';

export const runKey = (id: string): string => `run#${id}`;
/** The list of the runs of a task; sorted by `timeSort(createdAtMs, id)`, as is that of the failed ones. */
export const runPartition = (task: string): string => `runs#${task}`;
/** In the index `due`: the failed runs of a task. */
export const failedPartition = (task: string): string => `failed-runs#${task}`;
/** In the index `due`: runs that are due later than the broker can delay. */
export const DUE_RUNS = 'runs';
/** The key of a body: of the arguments, the result or a step. */
export const runBodyKey = (id: string, part: string): string => `body#run/${id}/${part}`;

export const runQueue = (priority: RunPriority): QueueName => (priority === 'bulk' ? 'tasks-bulk' : 'tasks');

export const RUN_EXECUTE = 'run.execute';
export const RUN_ONCE = 'run.once';

/** Arguments of the job of a kept run. The task is there for the limits, which are asked before the record is. */
export type ExecuteArgs = { readonly id: string; readonly task: string };
/** Arguments of the job of a run that is not kept. */
export type OnceArgs = { readonly id: string; readonly task: string; readonly args?: StoredJson };

/** True for a run that has ended. */
export const isEnded = (run: RunRecord): run is EndedRun => run.status !== 'queued' && run.status !== 'running';

export type Json = FieldValue;
