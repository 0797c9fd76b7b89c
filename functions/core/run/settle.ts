import type { EndedRun } from './run.ts';

/** What follows from the end of a run. Each is repeated after a crash, so each must do nothing the second time. */
export interface RunEffects {
  /** Whether any webhook may want the event of this end; absent: none does. */
  readonly wantsEvent?: (run: EndedRun) => Promise<boolean>;
  /** Publishes `task.succeeded` or `task.failed`. */
  readonly publishEnd?: (run: EndedRun) => Promise<void>;
  /** Marks the member of a group (`run.group`) as ended. */
  readonly memberEnded?: (run: EndedRun) => Promise<void>;
  /** Makes the next run of a chain (`run.then`), with an id derived from this run's; called when it succeeded. */
  readonly startNext?: (run: EndedRun) => Promise<void>;
}
