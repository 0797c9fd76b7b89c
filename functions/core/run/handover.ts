import type { Backend } from '../ports/backend.ts';

export interface HandoverDependencies {
  readonly backend: Pick<Backend, 'table' | 'broker' | 'delayHorizonMs'>;
  readonly now: () => number;
  /** When to stop and leave the rest to the next call, epoch ms. */
  readonly deadlineMs: number;
}

/** Queues every run that is soon due, with its exact time; answers how many. For the schedule of `backend=aws`. */
export async function handOverRuns(_dependencies: HandoverDependencies): Promise<number> {
  throw new Error('to come');
}
