import type { Backend } from '../ports/backend.ts';
import type { RunRecord } from './run.ts';

export interface ChangeDependencies {
  readonly backend: Pick<Backend, 'table' | 'updateAndSend' | 'broker'>;
  readonly now: () => number;
}

/**
 * Cancels a run: a queued one never begins, a running one has its signal aborted at its next renewal, step or progress, and
 * its result is not kept. Answers the run.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` for one that has ended.
 */
export async function cancelRun(_id: string, _dependencies: ChangeDependencies): Promise<RunRecord> {
  throw new Error('to come');
}
