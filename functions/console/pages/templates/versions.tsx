import { usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import {
  Action,
  Answer,
  Badge,
  Code,
  type Column,
  KeyValue,
  LivePreview,
  Notice,
  PagedTable,
  Section,
  When,
} from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import type { Template, Version, VersionRow } from './answers.ts';

const TONES = { draft: 'calm', published: 'good', superseded: 'calm' } as const;

const columns: readonly Column<VersionRow>[] = [
  {
    title: 'Published',
    grow: true,
    cell: ({ published_at }) => (published_at ? <When iso={published_at} absolute /> : 'not yet'),
  },
  { title: 'Status', cell: ({ status }) => <Badge status={status} tone={TONES[status]} /> },
  { title: 'Version', wide: true, cell: ({ id }) => <code>{id.slice(0, 8)}</code> },
];

interface VersionsProps {
  readonly template: Template;
  readonly version: string | undefined;
  readonly refresh: () => Promise<void>;
}

/** The versions that are kept; one of them with its content. */
export function Versions({ template, version, refresh }: VersionsProps) {
  const pages = usePages<VersionRow>(`/templates/${template.id}/versions`);
  return (
    <>
      <PagedTable
        pages={pages}
        unit="version"
        label="Versions"
        columns={columns}
        hrefOf={({ id }) => linkTo('templates', template.id, 'versions', id)}
        placeholders={2}
      />
      {version && <OneVersion key={version} template={template} version={version} refresh={refresh} />}
    </>
  );
}

function OneVersion(props: VersionsProps & { version: string }) {
  const path = `/templates/${props.template.id}/versions/${props.version}`;
  const poll = usePoll<Version>(path, { everyMs: 300_000 });
  return <Answer poll={poll}>{(shown) => <VersionContent {...props} shown={shown} />}</Answer>;
}

function VersionContent({ template, version, refresh, shown }: VersionsProps & { version: string; shown: Version }) {
  const { from, subject, reply_to, html, text, variables } = shown;
  const restore = async () => {
    const go = goToFromHere();
    await api('PATCH', `/templates/${template.id}`, { from, subject, reply_to, html, text, variables });
    await refresh();
    go(linkTo('templates', template.id));
    return 'The content of the version is in the draft.';
  };
  const isCurrent = version === template.current_version_id;
  return (
    <Section
      title={subject ?? 'No subject'}
      actions={
        !isCurrent && (
          <Action
            label="Restore"
            confirm="The draft gets this content. What is published stays as it is until you publish the draft."
            run={restore}
          />
        )
      }
    >
      {isCurrent && <Notice>This is what the editor has.</Notice>}
      <KeyValue
        list={[
          ['From', from],
          ['Replies to', reply_to?.join(', ')],
          ['Variables', variables.map(({ key }) => key).join(', ') || 'none'],
        ]}
      />
      <LivePreview title="Preview of the version" html={html} />
      <details>
        <summary>HTML</summary>
        <Code label="HTML of the version" text={html} />
      </details>
    </Section>
  );
}
