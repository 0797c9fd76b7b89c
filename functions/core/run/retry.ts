import type { ChangeDependencies } from './cancel.ts';
import type { RunRecord } from './run.ts';

/**
 * Queues a run again that failed, expired or was canceled: as attempt 1, with the results of its steps. Answers the run.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` for one that has not ended or has succeeded.
 */
export async function retryRun(_id: string, _dependencies: ChangeDependencies): Promise<RunRecord> {
  throw new Error('to come');
}

export interface FailedRuns {
  readonly task: string;
  /** Accepted at this time or later, epoch ms. */
  readonly sinceMs?: number | undefined;
  /** Ends the walk after the current page. */
  readonly signal?: AbortSignal | undefined;
}

/** Queues every failed run of a task again, oldest first; answers how many. */
export async function retryFailed(
  _choice: FailedRuns,
  _dependencies: ChangeDependencies,
): Promise<{ readonly retried: number; readonly stopped: boolean }> {
  throw new Error('to come');
}
