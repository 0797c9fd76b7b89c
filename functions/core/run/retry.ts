import { entryPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { notFound, SendoffError } from '../errors.ts';
import { executeJob, waitingExpiry } from './accept.ts';
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
  /** Ends the walk after the current page. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 100;
/** Enough for some hundreds of runs a second. */
const AT_ONCE = 20;

/** Queues every failed run of a task again, oldest first; answers how many. */
export async function retryFailed(
  { task, sinceMs = 0, signal }: FailedRuns,
  dependencies: ChangeDependencies,
): Promise<{ readonly retried: number; readonly stopped: boolean }> {
  const { table } = dependencies.backend;
  let retried = 0;
  // Runs that fail again meanwhile keep their places, so the walk passes each once.
  const query = { index: 'due', partition: failedPartition(task), order: 'ascending', limit: PAGE } as const;
  for await (const entries of entryPages(table, { ...query, after: timeSort(sinceMs, '') })) {
    const waiting = await table.getMany<RunRecord>(entries.map(({ key }) => key));
    const lane = async () => {
      for (let run = waiting.shift(); waiting.length > 0 || run; run = waiting.shift())
        if (run?.status === 'failed' && (await retryOne(run, dependencies)).applied) retried++;
    };
    const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
    for (const one of lanes) if (one.status === 'rejected') throw one.reason;
    if (signal?.aborted) return { retried, stopped: true };
  }
  return { retried, stopped: false };
}
