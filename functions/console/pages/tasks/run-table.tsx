import type { ComponentChildren } from 'preact';
import type { Pages } from '../../api/pages.ts';
import { Badge, type Column, Duration, nowMs, PagedTable, Progress, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Run } from './answers.ts';

interface RunTableProps {
  readonly runs: Pages<Run>;
  /** The word for one of them, in the singular. */
  readonly unit?: string;
  /** Leaves out the column with the task. */
  readonly ofOneTask?: boolean;
  readonly empty?: ComponentChildren;
}

/** A table of runs. */
export function RunTable({ runs, unit = 'run', ofOneTask = false, empty }: RunTableProps) {
  return (
    <PagedTable
      pages={runs}
      unit={unit}
      label="Runs"
      columns={columns.filter(({ title }) => !ofOneTask || title !== 'Task')}
      hrefOf={({ id }) => linkTo('tasks', 'runs', id)}
      empty={empty}
    />
  );
}

const columns: readonly Column<Run>[] = [
  { title: 'State', cell: ({ status }) => <Badge status={status} /> },
  { title: 'Task', width: 26, cell: ({ task }) => task },
  { title: 'Result', grow: true, cell: (run) => <Outcome run={run} /> },
  { title: 'Attempts', numeric: true, wide: true, cell: ({ attempts }) => attempts },
  { title: 'Took', numeric: true, wide: true, width: 13, cell: (run) => <Duration ms={tookMs(run)} /> },
  { title: 'Created', numeric: true, wide: true, width: 13, cell: ({ created_at }) => <When iso={created_at} /> },
];

/** How far a run is, when it is due, or why it failed. */
function Outcome({ run: { status, progress, error, due_at, attempts } }: { run: Run }) {
  if (status === 'running' && progress)
    return <Progress label="Progress" value={progress.done} total={progress.total} />;
  if (status === 'queued' && due_at && attempts === 0)
    return (
      <span class="faint">
        due <When iso={due_at} />
      </span>
    );
  if (error) return <span class={status === 'failed' ? 'bad' : 'faint'}>{firstLine(error.message)}</span>;
  return <span class="faint">–</span>;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** From the start of its last attempt to its end, or to now; undefined for a run that waits. */
export function tookMs({ status, started_at, finished_at }: Run): number | undefined {
  if (started_at === null || status === 'queued') return undefined;
  return Math.max(0, (finished_at === null ? nowMs.value : Date.parse(finished_at)) - Date.parse(started_at));
}
