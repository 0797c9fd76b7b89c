import { usePages } from '../../api/pages.ts';
import { type Column, Count, EmptyState, PagedTable } from '../../parts/index.ts';
import type { Link } from './answers.ts';

const columns: readonly Column<Link>[] = [
  { title: 'Link', grow: true, cell: ({ url }) => <span title={url}>{url}</span> },
  { title: 'Recipients', numeric: true, cell: ({ unique_clicks }) => <Count value={unique_clicks} /> },
  { title: 'Clicks', numeric: true, cell: ({ clicks }) => <Count value={clicks} /> },
];

/** The links that were clicked, most clicked first. */
export function Links({ id }: { id: string }) {
  const pages = usePages<Link>(`/broadcasts/${id}/clicked-links`);
  return (
    <PagedTable
      pages={pages}
      unit="link"
      label="Clicked links"
      columns={columns}
      empty={
        <EmptyState title="No clicks yet">
          <p>
            Clicks are counted if the deployment has the option <code>tracking</code>.
          </p>
        </EmptyState>
      }
    />
  );
}
