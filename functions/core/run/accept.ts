import type { Backend } from '../ports/backend.ts';
import type { AcceptRequest } from './request.ts';

export interface AcceptDependencies {
  /** Where the runs are: with `backend=redis` that of the tasks. */
  readonly backend: Pick<Backend, 'table' | 'bodies' | 'broker' | 'submit' | 'delayHorizonMs'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Makes a call of a task durable; answers the id of its run.
 *
 * @throws 409 `invalid_idempotent_request` when the key was used with other arguments; 422 for a time or arguments out of range.
 * @throws 503 when it is not durable; with an idempotency key the caller may repeat it.
 */
export async function acceptRun(request: AcceptRequest, dependencies: AcceptDependencies): Promise<string> {
  const [id = ''] = await acceptRuns([request], dependencies);
  return id;
}

/** The same for several; answers the ids in order. */
export async function acceptRuns(
  _requests: readonly AcceptRequest[],
  _dependencies: AcceptDependencies,
): Promise<string[]> {
  throw new Error('to come');
}
