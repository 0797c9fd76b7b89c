import { usePages } from '../../../api/pages.ts';
import { ActionLink, Badge, type Column, Count, EmptyState, PagedTable, Progress, When } from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { Import } from '../answers.ts';
import { AudiencePage } from '../audience-page.tsx';
import { doneOf, isMoving } from './import-progress.ts';

const count = (name: 'created' | 'updated' | 'skipped' | 'failed'): Column<Import> => ({
  title: name,
  numeric: true,
  wide: true,
  cell: ({ counts }) => <Count value={counts[name]} />,
});

const columns: readonly Column<Import>[] = [
  { title: 'Begun', cell: ({ created_at }) => <When iso={created_at} absolute /> },
  { title: 'Status', cell: ({ status }) => <Badge status={status} /> },
  {
    title: 'Rows',
    grow: true,
    cell: (row) => <Progress inline label="Rows that are done" value={doneOf(row)} total={row.counts.total} />,
  },
  count('created'),
  count('updated'),
  count('skipped'),
  count('failed'),
];

/** All imports; those at work with their progress. */
export function ImportList() {
  const pages = usePages<Import>('/contacts/imports', { while: ({ data }) => data.some(isMoving) });
  const create = <ActionLink label="Import CSV" tone="primary" href={linkTo('audience', 'imports', 'new')} />;
  return (
    <AudiencePage view="imports" actions={create}>
      <PagedTable
        pages={pages}
        unit="import"
        label="Imports"
        columns={columns}
        hrefOf={({ id }) => linkTo('audience', 'imports', id)}
        empty={
          <EmptyState title="No imports yet">
            <p>Make contacts of a CSV file: choose its columns, and the segment that they are added to.</p>
          </EmptyState>
        }
      />
    </AudiencePage>
  );
}
