/**
 * The transitions of a run's record. Each is one conditional write:
 *
 *     queued ──claim──▶ running ──▶ succeeded | failed
 *       │ ▲                │  │
 *       │ └─ retry, continue, release    (a crash: claimed again when the lease has ended)
 *       └──▶ canceled | expired ◀─ (canceled)
 *
 * A claim belongs to one attempt (`claimedBy`) and has a lease. Every write of an attempt is conditional on its claim.
 */
import { timeSort } from '../document/time-sort.ts';
import type { Backend } from '../ports/backend.ts';
import type { Change, Condition, Document, Table, WriteOutcome } from '../ports/table.ts';
import { dueRunEntry, executeJob, waitingExpiry } from './accept/accept.ts';
import type { StoredJson } from './run.ts';
import { type EndStatus, failedPartition, type RunError, type RunEvent, type RunRecord, runKey } from './run.ts';

export type RunOutcome = WriteOutcome<RunRecord>;
type Transitions = Pick<Backend, 'table' | 'updateAndSend' | 'delayHorizonMs'>;

/** A job that arrives less than this before its time runs at once: clocks differ. */
const EARLY_TOLERANCE_MS = 1_000;
const MOST_EVENTS = 50;
const CLAIM = ['claimedBy', 'leaseUntilMs'] as const;

/** An attempt that wants to claim a run. */
export interface Attempt {
  readonly attemptId: string;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
}

/** Claims a queued run that is due, or a running one whose lease has ended. */
export async function claimRun(table: Table, id: string, attempt: Attempt): Promise<RunOutcome> {
  const { attemptId: claimedBy, nowMs, leaseUntilMs } = attempt;
  const set = { status: 'running', claimedBy, leaseUntilMs, startedAtMs: nowMs } as const;
  const queued = await table.update<RunRecord>(runKey(id), { set, add: { attempts: 1 }, due: null }, [
    { status: 'queued', dueAtMs: { exists: false } },
    { status: 'queued', dueAtMs: { atMost: nowMs + EARLY_TOLERANCE_MS } },
  ]);
  const { document } = queued;
  // The client repeats a request whose answer was lost; then the first one has claimed it.
  if (queued.applied || document?.claimedBy === claimedBy) return { applied: true, document };
  if (document?.status !== 'running' || (document.leaseUntilMs ?? 0) >= nowMs) return queued;
  const event: RunEvent = { atMs: nowMs, type: 'crashed', attempt: document.attempts };
  const crashed = await table.update<RunRecord>(
    runKey(id),
    { set, add: { attempts: 1, crashes: 1 }, ...appended(document, event) },
    [{ status: 'running', claimedBy: document.claimedBy ?? '', leaseUntilMs: { below: nowMs } }],
  );
  return { applied: crashed.applied || crashed.document?.claimedBy === claimedBy, document: crashed.document };
}

/** Holds while the attempt has the claim. */
const holding = ({ claimedBy = '' }: RunRecord): Condition[] => [{ status: 'running', claimedBy }];

/** Changes a run that the attempt holds: steps, progress, the lease. Applied also when only the answer of the write was lost. */
export async function changeHeld(table: Table, run: RunRecord, set: Document): Promise<boolean> {
  const { applied } = await table.update<RunRecord>(runKey(run.id), { set }, holding(run));
  return applied;
}

/** Ends a run that the attempt holds. */
export function endRun(
  table: Table,
  run: RunRecord,
  end: {
    readonly status: 'succeeded' | 'failed' | 'expired';
    readonly atMs: number;
    readonly result?: StoredJson | undefined;
    readonly error?: RunError | undefined;
    readonly progress?: RunRecord['progress'] | undefined;
    readonly settled: boolean;
  },
): Promise<RunOutcome> {
  const { status, atMs, result, error, progress, settled } = end;
  const set = { status, endedAtMs: atMs, result, error, progress, ...(settled ? { settled } : {}) };
  const remove = [...CLAIM, 'dueAtMs', ...(error ? [] : ['error'])];
  return ended(
    table.update<RunRecord>(runKey(run.id), { set: defined(set), remove, ...atEnd(run, status, atMs) }, holding(run)),
    status,
    atMs,
  );
}

/** The changes at the end of a run beside its fields: when it expires, and its place among the failed ones. */
export const atEnd = (run: RunRecord, status: EndStatus, atMs: number): Pick<Change, 'due' | 'expiresAtMs'> => ({
  expiresAtMs: Math.max(atMs + run.keepMs, run.keyUntilMs ?? 0),
  due: status === 'failed' ? { partition: failedPartition(run.task), sort: timeSort(run.createdAtMs, run.id) } : null,
});

async function ended(writing: Promise<RunOutcome>, status: EndStatus, atMs: number): Promise<RunOutcome> {
  const { applied, document } = await writing;
  // The same write, whose answer was lost.
  return { applied: applied || (document?.status === status && document.endedAtMs === atMs), document };
}

/** Queues the next attempt of a run that the attempt holds. */
export function queueAgain(
  backend: Transitions,
  run: RunRecord,
  {
    nowMs,
    dueAtMs,
    error,
    event,
    progress,
  }: {
    readonly nowMs: number;
    readonly dueAtMs: number;
    readonly error: RunError;
    readonly event: RunEvent;
    readonly progress?: RunRecord['progress'] | undefined;
  },
): Promise<RunOutcome> {
  const set = defined({ status: 'queued', dueAtMs, error, progress });
  return requeue(backend, run, { set, remove: CLAIM, ...appended(run, event) }, { nowMs, dueAtMs });
}

/** The same run goes on with other arguments, from attempt 1 and without steps. */
export function continueRun(
  backend: Transitions,
  run: RunRecord,
  {
    nowMs,
    args,
    steps,
    progress,
  }: {
    readonly nowMs: number;
    readonly args: StoredJson;
    readonly steps: readonly string[];
    readonly progress?: RunRecord['progress'] | undefined;
  },
): Promise<RunOutcome> {
  const continued = (run.continued ?? 0) + 1;
  const set = defined({ status: 'queued', args, attempts: 0, continued, progress });
  return requeue(backend, run, { set, remove: [...CLAIM, 'dueAtMs', 'error', 'crashes', ...steps] }, { nowMs });
}

function requeue(
  { table, updateAndSend, delayHorizonMs }: Transitions,
  run: RunRecord,
  change: Change,
  { nowMs, dueAtMs }: { readonly nowMs: number; readonly dueAtMs?: number },
): Promise<RunOutcome> {
  const expiresAtMs = waitingExpiry(dueAtMs ?? nowMs, run);
  if (dueAtMs !== undefined && dueAtMs - nowMs > delayHorizonMs) {
    const due = dueRunEntry(dueAtMs, run.id, delayHorizonMs);
    return table.update<RunRecord>(runKey(run.id), { ...change, due, expiresAtMs }, holding(run));
  }
  return updateAndSend<RunRecord>(runKey(run.id), { ...change, expiresAtMs }, holding(run), executeJob(run, dueAtMs));
}

/** Gives a claim back that was not used, with the reason: no attempt is counted. */
export function releaseRun(table: Table, run: RunRecord, error: RunError): Promise<RunOutcome> {
  const set = { status: 'queued', error } as const;
  return table.update<RunRecord>(runKey(run.id), { set, add: { attempts: -1 }, remove: CLAIM }, holding(run));
}

/** Records why a queued run cannot run. */
export function noteRefusal(table: Table, id: string, error: RunError): Promise<RunOutcome> {
  return table.update<RunRecord>(runKey(id), { set: { error } }, [{ status: 'queued' }]);
}

/** An event more, unless there are too many already. */
export const appended = (run: RunRecord, event: RunEvent): Pick<Change, 'append'> =>
  (run.events?.length ?? 0) < MOST_EVENTS ? { append: { events: [event] } } : {};

const defined = (fields: Document): Document =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
