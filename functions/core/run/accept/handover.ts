import { documentsOf, entryPages } from '../../document/pages.ts';
import { timeSort } from '../../document/time-sort.ts';
import type { Backend } from '../../ports/backend.ts';
import { DUE_RUNS, type RunRecord, runKey } from '../run.ts';
import { executeJob } from './accept.ts';

export interface HandoverDependencies {
  readonly backend: Pick<Backend, 'table' | 'broker'>;
  readonly now: () => number;
  /** When to stop and leave the rest to the next call, epoch ms. */
  readonly deadlineMs: number;
}

const PAGE = 100;

/**
 * Queues every run that is soon due, with its exact time; answers how many. For the schedule of `backend=aws`. The jobs come first:
 * after a crash in between the runs are queued twice, which does no harm.
 */
export async function handOverRuns({ backend, now, deadlineMs }: HandoverDependencies): Promise<number> {
  const { table, broker } = backend;
  let count = 0;
  const query = { index: 'due', partition: DUE_RUNS, order: 'ascending', limit: PAGE } as const;
  for await (const entries of entryPages(table, { ...query, before: timeSort(now(), '~') })) {
    const runs = await documentsOf<RunRecord>(table, entries);
    const due = runs.filter(({ status }) => status === 'queued');
    await broker.send(due.map((run) => executeJob(run, run.dueAtMs)));
    await Promise.all(
      due.map(({ id, dueAtMs }) =>
        table.update(runKey(id), { due: null }, [
          dueAtMs === undefined ? { status: 'queued' } : { status: 'queued', dueAtMs },
        ]),
      ),
    );
    count += due.length;
    if (now() >= deadlineMs) break;
  }
  return count;
}
