import { usePoll } from '../../api/poll.ts';
import { type Column, Count, Duration, EmptyState, ErrorNotice, Page, Table } from '../../parts/index.ts';
import { isBusy, isDeadLetters, type Queue, type Status } from '../now/answers.ts';
import { DeadLetters } from './dead-letters.tsx';

/** Queues: what waits, for how long, and the jobs that could not be done. */
export function Queues() {
  const poll = usePoll<Status>('/status', { while: ({ queues }) => queues.some(isBusy) });
  const queues = poll.data.value?.queues;
  return (
    <Page title="Queues">
      {poll.error.value && <ErrorNotice error={poll.error.value} retry={poll.refresh} />}
      <Table
        label="Queues"
        columns={columns}
        rows={queues?.filter(({ name }) => !isDeadLetters(name))}
        keyOf={({ name }) => name}
        empty={<EmptyState title="The broker tells of no queue" />}
        placeholders={7}
      />
      <DeadLetters count={queues?.find(({ name }) => isDeadLetters(name))?.waiting} onChange={poll.refresh} />
    </Page>
  );
}

const columns: readonly Column<Queue>[] = [
  { title: 'Queue', grow: true, cell: ({ name }) => name },
  { title: 'Waiting', numeric: true, width: 9, cell: ({ waiting }) => <Depth value={waiting} /> },
  { title: 'Running', numeric: true, width: 9, cell: ({ running }) => <Depth value={running} /> },
  { title: 'Delayed', numeric: true, wide: true, cell: ({ delayed }) => <Depth value={delayed} /> },
  { title: 'Oldest', numeric: true, width: 12, cell: (queue) => <Age queue={queue} /> },
];

const Depth = ({ value }: { value: number }) =>
  value === 0 ? <span class="faint number">0</span> : <Count value={value} />;

/** The age of the oldest job; unknown where the broker does not tell it. */
function Age({ queue: { waiting, running, oldest_seconds } }: { queue: Queue }) {
  if (oldest_seconds === null || waiting + running === 0) return <span class="faint">–</span>;
  return <Duration ms={oldest_seconds * 1_000} />;
}
