import { usePages } from '../../../api/pages.ts';
import { api } from '../../../api/request.ts';
import { type Column, Count, EmptyState, PagedTable, When } from '../../../parts/index.ts';
import { goToFromHere, linkTo } from '../../../router.ts';
import type { Segment } from '../answers.ts';
import { AudiencePage } from '../audience-page.tsx';
import { NameAction } from './segment-name.tsx';

const columns: readonly Column<Segment>[] = [
  { title: 'Segment', grow: true, cell: ({ name }) => name },
  { title: 'Contacts', numeric: true, cell: ({ contact_count }) => <Count value={contact_count} /> },
  { title: 'Created', wide: true, cell: ({ created_at }) => <When iso={created_at} /> },
];

/** All segments with the number of their contacts. */
export function Segments() {
  const pages = usePages<Segment>('/segments');
  const create = async (name: string) => {
    const go = goToFromHere();
    const { id } = await api<{ id: string }>('POST', '/segments', { name });
    go(linkTo('audience', 'segments', id));
  };
  return (
    <AudiencePage view="segments" actions={<NameAction label="New segment" tone="primary" save={create} />}>
      <PagedTable
        pages={pages}
        unit="segment"
        label="Segments"
        columns={columns}
        hrefOf={({ id }) => linkTo('audience', 'segments', id)}
        empty={
          <EmptyState title="No segments yet">
            <p>A segment is a group of contacts; a broadcast goes to one. Create one, then add or import contacts.</p>
          </EmptyState>
        }
      />
    </AudiencePage>
  );
}
