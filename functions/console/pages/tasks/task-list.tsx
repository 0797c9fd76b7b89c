import { type ListAnswer, usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { type Column, EmptyState, PagedTable, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Run, Task } from './answers.ts';
import { RunNow } from './run-now.tsx';
import { inSeconds, rateText, scheduleText } from './wording.ts';

const MOST_COUNTED = 100;
const FAILED_EVERY_MS = 30_000;

/** The declared tasks with their limits, their clocks, and how many of their runs have failed. */
export function TaskList() {
  const tasks = usePages<Task>('/tasks', { keyOf: ({ name }) => name, limit: 100 });
  const failed = usePoll<ListAnswer<Run>>(`/runs?status=failed&limit=${MOST_COUNTED}`, { everyMs: FAILED_EVERY_MS });
  return (
    <PagedTable
      pages={tasks}
      unit="task"
      label="Tasks"
      columns={columnsWith(failed.data.value)}
      hrefOf={({ name }) => linkTo('tasks', name)}
      empty={<NoTasks />}
    />
  );
}

const columnsWith = (failed: ListAnswer<Run> | undefined): readonly Column<Task>[] => [
  { title: 'Task', grow: true, cell: ({ name }) => name },
  { title: 'Failed', numeric: true, width: 9, cell: (task) => <Failed task={task} failed={failed} /> },
  { title: 'Clock', wide: true, width: 30, cell: ({ schedule }) => scheduleText(schedule) ?? <None /> },
  { title: 'Next run', numeric: true, width: 12, cell: ({ next_run_at }) => <When iso={next_run_at} /> },
  { title: 'Rate', numeric: true, wide: true, cell: ({ rate_limit }) => rateText(rate_limit) ?? <None /> },
  { title: 'At once', numeric: true, wide: true, cell: ({ concurrency }) => concurrency ?? <None /> },
  { title: 'Time-out', numeric: true, wide: true, cell: ({ timeout_seconds }) => inSeconds(timeout_seconds) },
  { title: 'Attempts', numeric: true, wide: true, cell: ({ retry }) => retry.attempts },
  { title: 'Actions', acts: true, width: 12, cell: (task) => <RunNow task={task} tone="quiet" /> },
];

const None = () => <span class="faint">–</span>;

/** Failed runs of a task among the latest failed ones of all tasks. */
function Failed({ task: { name, keep }, failed }: { task: Task; failed: ListAnswer<Run> | undefined }) {
  if (!keep || !failed) return <None />;
  const found = failed.data.filter(({ task }) => task === name).length;
  if (found === 0) return <span class="faint">{failed.has_more ? '–' : 0}</span>;
  return (
    <a href={linkTo('tasks', name, { status: 'failed' })} aria-label={`${found} failed runs of ${name}`}>
      {found}
      {failed.has_more && '+'}
    </a>
  );
}

const NoTasks = () => (
  <EmptyState title="This deployment declares no tasks">
    <p>
      Write them in a file, export them, and name the file in your CDK app: <code>tasks: './tasks.ts'</code>.
    </p>
  </EmptyState>
);
