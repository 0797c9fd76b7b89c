import { usePages } from '../../api/pages.ts';
import { ActionLink, Badge, type Column, EmptyState, Page, PagedTable, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { TemplateRow } from './answers.ts';

const columns: readonly Column<TemplateRow>[] = [
  { title: 'Name', grow: true, cell: ({ name }) => name },
  { title: 'Alias', wide: true, cell: ({ alias }) => alias && <code>{alias}</code> },
  { title: 'Status', cell: ({ status }) => <Badge status={status} /> },
  { title: 'Published', wide: true, cell: ({ published_at }) => <When iso={published_at} /> },
  { title: 'Changed', wide: true, cell: ({ updated_at }) => <When iso={updated_at} /> },
];

/** All templates, newest first. */
export function TemplateList() {
  const pages = usePages<TemplateRow>('/templates');
  const create = <ActionLink label="New template" tone="primary" href={linkTo('templates', 'new')} />;
  return (
    <Page title="Templates" actions={create}>
      <PagedTable
        pages={pages}
        unit="template"
        label="Templates"
        columns={columns}
        hrefOf={({ id }) => linkTo('templates', id)}
        empty={
          <EmptyState title="No templates yet">
            <p>
              A template keeps the content of an email here; your app sends its id and values. Write one, publish it,
              then send <code>{'"template": {"id": "welcome", "variables": {…}}'}</code> with <code>POST /emails</code>.
            </p>
            <p>{create}</p>
          </EmptyState>
        }
      />
    </Page>
  );
}
