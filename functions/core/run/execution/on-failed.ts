import { parseArguments } from '../definition/arguments.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import type { RunError, RunRecord } from '../run.ts';
import { createContext } from './context.ts';
import type { RunWorker } from './dependencies.ts';
import { type Control, perform } from './perform.ts';
import { createPlainSteps } from './steps.ts';

/** Calls the task's `onFailed`, if it has one, within the task's time-out. An error of it is logged and ends nothing. */
export function onFailedOf(
  run: RunRecord,
  definition: TaskDefinition,
  worker: RunWorker,
): (() => Promise<void>) | undefined {
  const { error } = run;
  if (run.status !== 'failed' || !error || !definition.options.onFailed) return undefined;
  return async () => {
    const parsed = await parseArguments(run.args, definition, worker.backend.bodies).catch((refused: Error) => ({
      refusal: refused.message,
    }));
    if ('refusal' in parsed) return worker.log.error('onFailed not called', { runId: run.id, reason: parsed.refusal });
    await callOnFailed({ ...run, attempt: run.attempts }, parsed.value, error, definition, worker);
  };
}

export async function callOnFailed(
  run: Pick<RunRecord, 'id' | 'tickMs'> & { readonly attempt: number },
  args: unknown,
  error: RunError,
  definition: TaskDefinition,
  worker: RunWorker,
): Promise<void> {
  const { onFailed } = definition.options;
  const call = (control: Control) => {
    const parts = { control, steps: createPlainSteps(run, control), progress: () => {} };
    return onFailed?.(args, error, createContext(run, definition, parts, worker));
  };
  const performed = await perform(call, definition.description.timeoutSeconds * 1_000, worker);
  if (performed.type === 'threw')
    worker.log.error('onFailed threw', { runId: run.id, task: definition.name, code: performed.failure.error.code });
}
