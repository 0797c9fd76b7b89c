import * as z from 'zod/mini';
import { emailRetry } from '../../task/retry.ts';
import { type Task, type TaskOptions, task } from '../../task/task.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import { RUN_EXECUTE, RUN_ONCE } from '../run.ts';
import type { RunDependencies, RunWorker } from './dependencies.ts';
import { executeRun } from './execute.ts';
import { runOnce } from './once.ts';

export type { RunDependencies } from './dependencies.ts';

const storedJson = z.union([z.object({ json: z.string() }), z.object({ body: z.string() })]);
const executeArgs = z.object({ id: z.string(), task: z.string() });
const onceArgs = z.object({ id: z.string(), task: z.string(), args: z.optional(storedJson) });

/** Timers of the process. */
const afterTimeout = (ms: number, then: () => void) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/**
 * The tasks `run.execute` and `run.once` of the worker that runs the user's tasks. The user's errors end within them; what is left to
 * the worker are outages, which are tried again until they are over.
 */
export function createRunTasks(
  definitions: readonly TaskDefinition[],
  dependencies: RunDependencies,
): readonly Task<unknown, unknown>[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const worker: RunWorker = { after: afterTimeout, ...dependencies, definitions: byName };
  const options = {
    queue: 'tasks',
    retry: emailRetry,
    givesUp: () => false,
    logged: ({ id, task: name }: { readonly id: string; readonly task: string }) => ({ runId: id, task: name }),
  } as const satisfies Partial<TaskOptions<{ id: string; task: string }, unknown>>;
  return [
    task(RUN_EXECUTE, { ...options, args: executeArgs }, (args, run) => executeRun(args, run, worker)),
    task(RUN_ONCE, { ...options, args: onceArgs }, (args, run) => runOnce(args, run, worker)),
  ] as const;
}
