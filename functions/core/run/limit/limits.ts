import type { TaskDescription } from '../definition/manifest.ts';

/** The right to run now; `release` gives its permit back, and never rejects. */
export interface Permit {
  readonly release: () => Promise<void>;
  /** Extends the lease of the permit to this time (epoch ms); called with each renewal of the run's lease. Never rejects. */
  readonly renew?: (leaseUntilMs: number) => Promise<void>;
}

/** The limits of tasks that all functions share: the rate and the concurrency. */
export interface TaskLimits {
  /**
   * Takes a slot of the task's rate and a permit of its concurrency, for the attempt `attemptId` and until `leaseUntilMs` (epoch
   * ms); waits for a slot that is near. Called only for a task that has a limit, before the run is claimed. Answers how long to
   * wait, in ms, when there is none: the job is then queued again, and no attempt is counted.
   */
  take(
    task: Pick<TaskDescription, 'name' | 'rateLimit' | 'concurrency'>,
    attempt: { readonly attemptId: string; readonly leaseUntilMs: number },
  ): Promise<Permit | { readonly waitMs: number }>;
}
