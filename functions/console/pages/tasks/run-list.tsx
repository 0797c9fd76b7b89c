import { useSignal } from '@preact/signals';
import type { ListAnswer } from '../../api/pages.ts';
import { usePages, withQuery } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { Chips, EmptyState, Select } from '../../parts/index.ts';
import { setQuery } from '../../router.ts';
import { isMoving, RUN_STATUSES, type Run, type Task } from './answers.ts';
import { RunTable } from './run-table.tsx';

interface RunListProps {
  /** The filters: `task`, and `status` with several separated by commas. */
  readonly query: Readonly<Record<string, string>>;
  /** Only runs of this task; absent: the viewer chooses. */
  readonly task?: string;
}

/** Runs, newest first, by task and by several states. */
export function RunList({ query, task }: RunListProps) {
  const chosen = RUN_STATUSES.filter((status) => query.status?.split(',').includes(status));
  const filter = { task: task ?? query.task, status: chosen.join(',') };
  const runs = usePages<Run>(withQuery('/runs', filter), { while: ({ data }) => data.some(isMoving) });
  const hasFilter = chosen.length > 0 || (task === undefined && Boolean(query.task));
  return (
    <>
      <div class="filters">
        {task === undefined && <TaskFilter task={query.task ?? ''} />}
        <Chips
          label="State"
          several
          chips={RUN_STATUSES.map((status) => ({ value: status, text: status }))}
          selected={chosen}
          onChange={(some) => setQuery({ status: some.join(',') }, { replace: true })}
        />
      </div>
      <RunTable
        runs={runs}
        ofOneTask={task !== undefined}
        empty={hasFilter ? <NoMatch searching={runs.hasMore.value} /> : <NoRuns />}
      />
    </>
  );
}

function TaskFilter({ task }: { task: string }) {
  const tasks = usePoll<ListAnswer<Task>>('/tasks?limit=100', { everyMs: 120_000 });
  const value = useSignal(task);
  value.value = task;
  const names = (tasks.data.value?.data ?? []).map(({ name }) => name);
  const all = task === '' || names.includes(task) ? names : [task, ...names];
  return (
    <Select
      label="Task"
      hideLabel
      value={value}
      options={[['', 'All tasks'], ...all.map((name) => [name, name] as const)]}
      onInput={(name) => setQuery({ task: name })}
    />
  );
}

const NoMatch = ({ searching }: { searching: boolean }) => (
  <EmptyState title={searching ? 'None among the runs searched so far' : 'No run is in these states'}>
    <p>{searching ? 'Show more to search older runs.' : 'Choose other states to see other runs.'}</p>
  </EmptyState>
);

const NoRuns = () => (
  <EmptyState title="No runs yet">
    <p>
      Call <code>.delay()</code> in your code, <code>POST /tasks/NAME</code>, or “Run now” of a task.
    </p>
  </EmptyState>
);
