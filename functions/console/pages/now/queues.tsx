import { type Column, Count, Duration, Section, Table } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Queue, Status } from './answers.ts';

const COLUMNS: readonly Column<Queue>[] = [
  { title: 'Queue', grow: true, cell: ({ name }) => name },
  { title: 'Waiting', numeric: true, cell: ({ waiting }) => <Count value={waiting} /> },
  { title: 'Running', numeric: true, cell: ({ running }) => <Count value={running} /> },
  { title: 'Delayed', numeric: true, wide: true, cell: ({ delayed }) => <Count value={delayed} /> },
  {
    title: 'Oldest',
    numeric: true,
    width: 14,
    cell: ({ oldest_seconds }) => <Duration ms={oldest_seconds === null ? null : oldest_seconds * 1000} />,
  },
];

/** Depth and age by queue. */
export function Queues({ status }: { status: Status }) {
  return (
    <Section title="Queues">
      <Table
        label="Queues"
        columns={COLUMNS}
        rows={status.queues}
        keyOf={({ name }) => name}
        hrefOf={() => linkTo('queues')}
      />
    </Section>
  );
}
