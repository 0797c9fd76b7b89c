import type { Backend } from '../../core/ports/backend.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { TaskManifest } from '../../core/run/definition/manifest.ts';

/** The user's tasks of the deployment. Both functions are called only by the routes of tasks. */
export interface UserTasks {
  /** Undefined in a deployment without tasks. */
  readonly manifest: () => TaskManifest | undefined;
  /** Where the runs are: with `backend=redis` another namespace than that of the emails. */
  readonly backend: () => Backend;
}

/** The dependencies of the routes of tasks, runs, clocks and groups. */
export interface TaskRouteDependencies {
  readonly tasks: UserTasks;
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  /** Resolves after so many ms. */
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Those of a deployment without tasks: its routes answer 404. */
export const noTasks: UserTasks = {
  manifest: () => undefined,
  backend: () => {
    throw new Error('a deployment without tasks has no runs');
  },
};
