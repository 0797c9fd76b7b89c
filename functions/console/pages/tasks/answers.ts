import type { clockView } from '../../../api/clocks/view.ts';
import type { groupView } from '../../../api/run-groups/view.ts';
import type { runDetail, runSummary } from '../../../api/runs/view.ts';
import type { taskView } from '../../../api/tasks/view.ts';

export type Task = ReturnType<typeof taskView>;
export type Run = ReturnType<typeof runSummary>;
type RunStatus = Run['status'];
export type RunDetail = ReturnType<typeof runDetail> & { readonly truncated?: readonly string[] };
export type Clock = ReturnType<typeof clockView>;
export type Group = ReturnType<typeof groupView>;

/** The states of runs, in the order of a run's life. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'canceled',
  'expired',
] as const satisfies readonly RunStatus[];

/** True for a run that will change by itself. */
export const isMoving = ({ status }: Pick<Run, 'status'>): boolean => status === 'queued' || status === 'running';

/** True for a run that can be run again. */
export const isRetryable = ({ status }: Pick<Run, 'status'>): boolean =>
  !isMoving({ status }) && status !== 'succeeded';
