import * as z from 'zod/mini';
import { emailRetry } from '../../task/retry.ts';
import { type Task, task } from '../../task/task.ts';
import type { ImportTaskDependencies } from './run.ts';

/** `step` is the number of batches that were done when the job was queued; it tells the jobs of an import apart in the log. */
export type ImportArgs = { id: string; step: number };

/** Makes contacts of the next rows of an import. The code is loaded with the first job: emails do not need it. */
export const importContacts: Task<ImportArgs, ImportTaskDependencies> = task(
  'contacts.import',
  {
    args: z.object({ id: z.string(), step: z.number() }),
    queue: 'transactional',
    retry: emailRetry,
    onFailed: async ({ id }, _error, run, dependencies) => (await import('./run.ts')).failImport(id, run, dependencies),
  },
  async ({ id }, run, dependencies) =>
    (await import('./run.ts')).runImport(id, run, dependencies, (step) => importContacts.call({ id, step })),
);
