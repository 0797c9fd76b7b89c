import type { RunContext, TaskDefinition } from '../definition/definition.ts';
import type { RunRecord } from '../run.ts';
import type { RunDependencies } from './dependencies.ts';
import type { Control } from './perform.ts';
import type { Progress } from './progress.ts';
import type { Steps } from './steps.ts';

/** Makes the context that the user's function gets. */
export function createContext(
  run: Pick<RunRecord, 'id' | 'tickMs'> & { readonly attempt: number; readonly previous?: unknown },
  { name }: Pick<TaskDefinition, 'name'>,
  {
    control,
    steps,
    progress,
  }: { readonly control: Control; readonly steps: Steps; readonly progress: Progress['set'] },
  { log, email }: Pick<RunDependencies, 'log' | 'email'>,
): RunContext {
  const { id, attempt, tickMs, previous } = run;
  const named = (fields?: object) => ({ runId: id, task: name, ...fields });
  return {
    id,
    task: name,
    attempt,
    signal: control.signal,
    log: {
      info: (message, fields) => log.info(message, named(fields)),
      warn: (message, fields) => log.warn(message, named(fields)),
      error: (message, fields) => log.error(message, named(fields)),
    },
    ...(tickMs === undefined ? {} : { tick: new Date(tickMs) }),
    ...(previous === undefined ? {} : { previous }),
    step: steps.step,
    stepKey: steps.stepKey,
    progress: (done, total) => {
      control.assertOpen();
      progress(done, total);
    },
    continue: control.continueWith,
    email,
  };
}
