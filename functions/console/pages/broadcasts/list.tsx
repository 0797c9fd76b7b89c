import { usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { ActionLink, Badge, type Column, EmptyState, Page, PagedTable, Progress, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import { nameIn, useSegments } from '../audience/choices.ts';
import { type Broadcast, type BroadcastRow, doneOf, isMoving, statusText, statusTone } from './answers.ts';

/** All broadcasts, newest first; those that are being sent with their progress. */
export function BroadcastList() {
  const pages = usePages<BroadcastRow>('/broadcasts', { while: ({ data }) => data.some(isMoving) });
  const segments = useSegments();
  const columns: readonly Column<BroadcastRow>[] = [
    { title: 'Name', grow: true, cell: ({ name }) => name },
    {
      title: 'Status',
      width: 12,
      cell: ({ status }) => <Badge status={statusText(status)} tone={statusTone(status)} />,
    },
    { title: 'Progress', width: 16, cell: (row) => <RowProgress row={row} /> },
    {
      title: 'To',
      width: 22,
      wide: true,
      cell: ({ segment_id }) => (segment_id === null ? 'own list' : nameIn(segments.value, segment_id)),
    },
    { title: 'When', width: 16, wide: true, cell: (row) => <RowTime row={row} /> },
  ];
  const create = <ActionLink label="New broadcast" tone="primary" href={linkTo('broadcasts', 'new')} />;
  return (
    <Page title="Broadcasts" actions={create}>
      <PagedTable
        pages={pages}
        unit="broadcast"
        label="Broadcasts"
        columns={columns}
        hrefOf={({ id }) => linkTo('broadcasts', id)}
        empty={
          <EmptyState title="No broadcasts yet">
            <p>
              A broadcast is one email to all contacts of a segment. Write a draft, send it to yourself as a test, then
              to the segment.
            </p>
            <p>{create}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}

function RowProgress({ row }: { row: BroadcastRow }) {
  if (row.status !== 'queued' && row.status !== 'paused') return null;
  return <RunningProgress id={row.id} />;
}

/** The list does not have the numbers; few broadcasts run at a time. */
function RunningProgress({ id }: { id: string }) {
  const { data } = usePoll<Broadcast>(`/broadcasts/${id}`, { while: isMoving });
  const progress = data.value?.progress;
  if (!progress) return <span class="placeholder" />;
  return <Progress inline label="Recipients that are done" value={doneOf(progress)} total={progress.total} />;
}

function RowTime({ row: { status, created_at, scheduled_at, sent_at } }: { row: BroadcastRow }) {
  if (status === 'scheduled') return <When iso={scheduled_at} />;
  if (sent_at) return <When iso={sent_at} />;
  return (
    <span class="faint">
      made <When iso={created_at} />
    </span>
  );
}
