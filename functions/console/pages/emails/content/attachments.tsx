import { usePages } from '../../../api/pages.ts';
import { Badge, Bytes, type Column, EmptyState, PagedTable } from '../../../parts/index.ts';
import type { AttachmentRow } from '../answers.ts';

const COLUMNS: readonly Column<AttachmentRow>[] = [
  { title: 'File', cell: ({ filename }) => filename ?? <span class="faint">(no name)</span>, grow: true },
  { title: 'Type', cell: ({ content_type }) => <code>{content_type}</code>, wide: true, width: 24 },
  {
    title: 'Shown',
    cell: ({ content_disposition, content_id }) => (
      <span title={content_id && `cid:${content_id}`}>
        <Badge status={content_disposition} tone="calm" />
      </span>
    ),
    wide: true,
  },
  {
    title: 'Size',
    cell: ({ size }) => (size === 0 ? <span class="faint">fetched when sent</span> : <Bytes value={size} />),
    numeric: true,
    width: 18,
  },
  {
    title: 'Link',
    width: 12,
    cell: ({ download_url, size }) => (
      <a href={download_url} rel="noreferrer noopener" target="_blank">
        {size === 0 ? 'Open' : 'Download'}
      </a>
    ),
  },
];

/** The files of an email. Their links expire after an hour, so they are asked for anew every half. */
export function Attachments({ id }: { id: string }) {
  const pages = usePages<AttachmentRow>(`/emails/${encodeURIComponent(id)}/attachments`, { everyMs: 1_800_000 });
  return (
    <PagedTable
      pages={pages}
      unit="attachment"
      label="Attachments"
      columns={COLUMNS}
      placeholders={2}
      empty={<EmptyState title="This email has no attachments" />}
    />
  );
}
