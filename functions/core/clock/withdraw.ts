import { SendoffError } from '../errors.ts';
import type { Backend } from '../ports/backend.ts';
import { cancelRun } from '../run/cancel.ts';

/** Cancels the run of a tick that is still to come; does nothing if there is none. */
export async function withdraw(
  runId: string,
  tickMs: number,
  dependencies: { readonly backend: Pick<Backend, 'table' | 'updateAndSend' | 'broker'>; readonly now: () => number },
): Promise<void> {
  if (tickMs <= dependencies.now()) return;
  try {
    await cancelRun(runId, dependencies);
  } catch (error) {
    if (!(error instanceof SendoffError) || error.retryable) throw error;
  }
}
