import { documentsOf } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { notFound, SendoffError } from '../errors.ts';
import type { Entry } from '../ports/table.ts';
import { executeJob, waitingExpiry } from './accept/accept.ts';
import type { ChangeDependencies } from './cancel.ts';
import { failedPartition, type RunRecord, runKey } from './run.ts';
import { readRun } from './store.ts';
import { appended, type RunOutcome } from './transitions.ts';

/**
 * Queues a run again that failed, expired or was canceled: as attempt 1, with the results of its steps. Answers the run.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` for one that has not ended or has succeeded.
 */
export async function retryRun(id: string, dependencies: ChangeDependencies): Promise<RunRecord> {
  const run = await readRun(dependencies.backend.table, id);
  if (!run) throw notFound('Run');
  const { applied, document } = await retryOne(run, dependencies);
  if (!document) throw notFound('Run');
  if (applied) return document;
  const why = `Only a run that failed, expired or was canceled can be retried; this one is ${document.status}.`;
  throw new SendoffError('invalid_parameter', 409, why);
}

const RETRIED = ['failed', 'expired', 'canceled'];
const OF_THE_END = ['endedAtMs', 'error', 'settled', 'crashes', 'notAfterMs', 'dueAtMs', 'progress'];

function retryOne(run: RunRecord, { backend, now }: ChangeDependencies): Promise<RunOutcome> {
  const atMs = now();
  return backend.updateAndSend<RunRecord>(
    runKey(run.id),
    {
      set: { status: 'queued', attempts: 0 },
      remove: OF_THE_END,
      due: null,
      expiresAtMs: waitingExpiry(atMs, run),
      ...appended(run, { atMs, type: 'retried' }),
    },
    [{ status: { in: RETRIED } }],
    executeJob(run),
  );
}

export interface FailedRuns {
  readonly task: string;
  /** Accepted at this time or later, epoch ms. */
  readonly sinceMs?: number | undefined;
  /** The `next` of the call before. */
  readonly after?: string | undefined;
  /** The most failed runs that a call passes; MOST_RETRIED if absent. */
  readonly limit?: number | undefined;
}

export interface Retried {
  /** How many runs were queued again. */
  readonly retried: number;
  /** Present if there may be more: where the next call goes on. */
  readonly next?: string | undefined;
}

/** The most failed runs that a call of `retryFailed` passes: some 5 s on DynamoDB. */
export const MOST_RETRIED = 1_000;
/** No page is begun later than this after the call. */
const LATEST_PAGE_MS = 10_000;
const PAGE = 100;
/** Enough for some hundreds of runs a second. */
const AT_ONCE = 20;

/** Queues failed runs of a task again, oldest first. A run that fails again meanwhile is not retried twice. */
export async function retryFailed(
  { task, sinceMs = 0, after = '', limit = MOST_RETRIED }: FailedRuns,
  dependencies: ChangeDependencies,
): Promise<Retried> {
  const { backend, now } = dependencies;
  const latestMs = now() + LATEST_PAGE_MS;
  // Runs that fail again keep their places, so the walk passes each once.
  const query = { index: 'due', partition: failedPartition(task), order: 'ascending' } as const;
  const since = timeSort(sinceMs, '');
  let place = after > since ? after : since;
  let retried = 0;
  for (let left = limit; left > 0 && now() <= latestMs; ) {
    const pageSize = Math.min(PAGE, left);
    const entries = await backend.table.query({ ...query, after: place, limit: pageSize });
    retried += await retryPage(entries, dependencies);
    if (entries.length < pageSize) return { retried };
    left -= entries.length;
    place = entries.at(-1)?.sort ?? place;
  }
  return { retried, next: place };
}

async function retryPage(entries: readonly Entry[], dependencies: ChangeDependencies): Promise<number> {
  const waiting = await documentsOf<RunRecord>(dependencies.backend.table, entries);
  let retried = 0;
  const lane = async () => {
    for (let run = waiting.shift(); run; run = waiting.shift())
      if (run.status === 'failed' && (await retryOne(run, dependencies)).applied) retried++;
  };
  const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  return retried;
}
