import { notFound, SendoffError } from '../errors.ts';
import type { Backend } from '../ports/backend.ts';
import type { Change, Condition } from '../ports/table.ts';
import { executeJob } from './accept/accept.ts';
import { isEnded, type RunRecord, runKey } from './run.ts';
import { readRun } from './store.ts';
import { atEnd } from './transitions.ts';

export interface ChangeDependencies {
  readonly backend: Pick<Backend, 'table' | 'updateAndSend' | 'broker'>;
  readonly now: () => number;
}

/**
 * Cancels a run: a queued one never begins, a running one has its signal aborted at its next renewal, step or progress, and
 * its result is not kept. Answers the run.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` for one that has ended.
 */
export async function cancelRun(id: string, { backend, now }: ChangeDependencies): Promise<RunRecord> {
  const run = await readRun(backend.table, id);
  if (!run) throw notFound('Run');
  if (isEnded(run)) throw hasEnded(run);
  const atMs = now();
  const change: Change = {
    set: { status: 'canceled', endedAtMs: atMs, ...(run.group ? {} : { settled: true }) },
    remove: ['claimedBy', 'leaseUntilMs'],
    ...atEnd(run, 'canceled', atMs),
  };
  const anyOf: Condition[] = [{ status: { in: ['queued', 'running'] } }];
  // The worker tells the group; the run's own job may be far off.
  const { applied, document } = run.group
    ? await backend.updateAndSend<RunRecord>(runKey(id), change, anyOf, executeJob(run))
    : await backend.table.update<RunRecord>(runKey(id), change, anyOf);
  if (!document) throw notFound('Run');
  if (!applied && document.status !== 'canceled') throw hasEnded(document);
  return document;
}

const hasEnded = ({ status }: RunRecord): SendoffError =>
  new SendoffError('invalid_parameter', 409, `The run has ended already: it is ${status}.`);
