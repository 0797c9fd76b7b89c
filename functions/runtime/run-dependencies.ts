import type { Backend } from '../core/ports/backend.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { createRunTasks } from '../core/run/tasks.ts';
import type { Environment } from './env.ts';
import type { ExportedTask } from './task-definitions.ts';

export interface RunWiring {
  /** Where the runs are. */
  readonly backend: Backend;
  /** Where emails and webhooks are: with `backend=aws` the same. */
  readonly main: Backend;
  readonly env: Environment;
  readonly log: Logger;
}

/** What both functions that run the user's tasks need. */
export function createRunDependencies(tasks: readonly ExportedTask[], { backend, log }: RunWiring) {
  const definitions = tasks.map(({ definition }) => definition);
  return {
    tasks: createRunTasks(definitions, {
      backend,
      now: Date.now,
      random: Math.random,
      log,
      email: { send: async () => ({ id: '' }), sendBatch: async () => [] },
      effects: {},
      redact: (text) => text,
    }),
    dependencies: undefined,
  };
}
