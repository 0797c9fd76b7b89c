import { Badge, Code, type Column, Duration, Table, When } from '../../parts/index.ts';
import type { RunDetail } from './answers.ts';

type Event = RunDetail['events'][number];
type Step = RunDetail['steps'][number];

/** The events of a run, oldest first, attempt by attempt. */
export function Timeline({ events }: { events: readonly Event[] }) {
  return <Table label="Timeline" columns={columnsFrom(events[0]?.at)} rows={events} keyOf={keyOf} />;
}

const keyOf = ({ type, at, attempt }: Event): string => `${at} ${type} ${attempt}`;

/** `createdAt` is the time from which the others are counted. */
const columnsFrom = (createdAt = ''): readonly Column<Event>[] => [
  { title: 'What', width: 13, cell: ({ type }) => <Badge status={type} /> },
  { title: 'Attempt', numeric: true, width: 9, cell: ({ attempt }) => attempt ?? <span class="faint">–</span> },
  { title: 'Why', grow: true, cell: ({ reason }) => reason?.split('\n')[0] ?? '' },
  {
    title: 'After',
    numeric: true,
    width: 13,
    cell: ({ at }) => <Duration ms={Date.parse(at) - Date.parse(createdAt)} />,
  },
  { title: 'When', numeric: true, wide: true, width: 13, cell: ({ at }) => <When iso={at} /> },
];

/** The steps that are done; a repeated attempt skips them. */
export function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol class="steps">
      {steps.map(({ name, result }) => (
        <li key={name}>
          {result === null ? (
            name
          ) : (
            <details>
              <summary>{name}</summary>
              <Code label={`Result of ${name}`} text={JSON.stringify(result, null, 2)} />
            </details>
          )}
        </li>
      ))}
    </ol>
  );
}
