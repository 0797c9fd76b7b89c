import { type Pages, usePages } from '../../api/pages.ts';
import { api } from '../../api/request.ts';
import { Action, Badge, type Column, Count, EmptyState, PagedTable, When } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import type { Clock } from './answers.ts';
import { timesText } from './wording.ts';

/** Clocks: when each makes its next run. */
export function ClockList() {
  const clocks = usePages<Clock>('/clocks', { keyOf: ({ task }) => task, limit: 100 });
  return (
    <PagedTable
      pages={clocks}
      unit="clock"
      label="Clocks"
      columns={columnsOf(clocks)}
      hrefOf={({ task }) => linkTo('tasks', task)}
      empty={<NoClocks />}
    />
  );
}

const columnsOf = (clocks: Pages<Clock>): readonly Column<Clock>[] => [
  { title: 'Task', grow: true, cell: ({ task }) => task },
  { title: 'Times', wide: true, width: 30, cell: timesText },
  { title: 'Next run', numeric: true, width: 12, cell: (clock) => <NextRun clock={clock} /> },
  { title: 'Last run', numeric: true, wide: true, width: 13, cell: (clock) => <LastRun clock={clock} /> },
  { title: 'Skipped', numeric: true, wide: true, cell: ({ skipped }) => <Count value={skipped} /> },
  {
    title: 'Actions',
    acts: true,
    width: 22,
    cell: (clock) => <ClockActions clock={clock} onChange={clocks.refresh} />,
  },
];

function NextRun({ clock: { paused, next_run_at } }: { clock: Clock }) {
  return paused ? <Badge status="paused" /> : <When iso={next_run_at} />;
}

function LastRun({ clock: { last_run_at, last_run_id } }: { clock: Clock }) {
  if (last_run_id === null) return <When iso={last_run_at} />;
  return (
    <a href={linkTo('tasks', 'runs', last_run_id)}>
      <When iso={last_run_at} />
    </a>
  );
}

function ClockActions({ clock: { task, paused }, onChange }: { clock: Clock; onChange: () => Promise<void> }) {
  const path = `/clocks/${encodeURIComponent(task)}`;
  const change = async (move: 'pause' | 'resume') => {
    await api('POST', `${path}/${move}`);
    await onChange();
  };
  const run = async () => {
    const go = goToFromHere();
    const { id } = await api<{ id: string }>('POST', `${path}/run`);
    go(linkTo('tasks', 'runs', id));
  };
  return (
    <div class="actions">
      <Action label="Run now" name={`Run now: ${task}`} tone="quiet" run={run} />
      {paused ? (
        <Action label="Resume" name={`Resume ${task}`} tone="quiet" run={() => change('resume')} />
      ) : (
        <Action label="Pause" name={`Pause ${task}`} tone="quiet" run={() => change('pause')} />
      )}
    </div>
  );
}

const NoClocks = () => (
  <EmptyState title="No task has a clock">
    <p>
      Export one from the file of your tasks: <code>cron('report.weekly', '0 6 * * MON', …)</code>.
    </p>
  </EmptyState>
);
