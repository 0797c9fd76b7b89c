import type { Backend } from '../../ports/backend.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { RunEmail, TaskDefinition } from '../definition/definition.ts';
import type { TaskLimits } from '../limit/limits.ts';
import type { RunEffects } from './settle.ts';

/** The dependencies of executing runs. */
export interface RunDependencies {
  readonly backend: Pick<Backend, 'table' | 'bodies' | 'broker' | 'updateAndSend' | 'delayHorizonMs'>;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
  readonly email: RunEmail;
  /** Absent: no limit is kept. */
  readonly limits?: TaskLimits;
  readonly effects: RunEffects;
  /** Removes secrets from an error's text: `createRedact`. */
  readonly redact: (text: string) => string;
  /** Calls `then` after so many ms; answers what stops it. A parameter for tests. */
  readonly after?: (ms: number, then: () => void) => () => void;
}

/** The dependencies with the tasks by name, and without what may be absent. */
export interface RunWorker extends RunDependencies {
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly after: (ms: number, then: () => void) => () => void;
}
