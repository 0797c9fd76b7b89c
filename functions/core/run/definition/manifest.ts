/** The retry policy of a task, with its defaults filled in. */
export interface RetryDescription {
  /** Starts of a run in all, 1 to 100; a start that ended in a crash counts. */
  readonly attempts: number;
  readonly backoff: 'exponential' | 'fixed';
  /** The wait after the first attempt: its upper bound if exponential (full jitter, doubled each time), the wait itself if fixed. */
  readonly delaySeconds: number;
  /** The longest wait between two attempts, at most 7 days. */
  readonly maxDelaySeconds: number;
}

export type RateLimit = { readonly perSecond: number } | { readonly perMinute: number } | { readonly perHour: number };

/** The times of a clock. */
export type ClockDescription =
  | { readonly expression: string; readonly timeZone: string }
  | { readonly everySeconds: number };

export type RunPriority = 'transactional' | 'bulk';

/** A task of the user, as far as other functions than its own need to know it; all defaults are filled in. */
export interface TaskDescription {
  readonly name: string;
  readonly priority: RunPriority;
  /** False: a run is one message, and nothing of it is kept. */
  readonly keep: boolean;
  /** Days from its end until a run expires. */
  readonly keepDays: number;
  readonly timeoutSeconds: number;
  readonly retry: RetryDescription;
  readonly rateLimit?: RateLimit;
  /** Runs at the same time, of all functions together, 1 to 1,000. */
  readonly concurrency?: number;
  readonly cron?: ClockDescription;
  /** JSON Schema of the arguments; absent where the validator gives none: they are then checked only when the task runs. */
  readonly args?: { readonly [keyword: string]: unknown };
}

/** The tasks of a deployment. */
export interface TaskManifest {
  readonly tasks: readonly TaskDescription[];
}

/** `area.verb`, such as `notification.send`; up to 100 characters. */
export const TASK_NAME = /^(?=.{3,100}$)[a-z][a-z0-9-]*(\.[a-z][a-zA-Z0-9-]*)+$/;
