import { type ListAnswer, usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { session } from '../../api/session.ts';
import { Badge, type Column, EmptyState, Page, PagedTable, When } from '../../parts/index.ts';
import type { ApiKey, Domain } from './answers.ts';
import { CreateKey } from './create.tsx';
import { KeyActions } from './key-actions.tsx';

/** API keys: who may call this deployment. */
export function ApiKeys() {
  const keys = usePages<ApiKey>('/api-keys');
  const domains = usePoll<ListAnswer<Domain>>('/domains?limit=100', { everyMs: 300_000 }).data.value?.data ?? [];
  return (
    <Page title="API keys" actions={<CreateKey domains={domains} onCreated={keys.refresh} />}>
      <PagedTable
        pages={keys}
        unit="key"
        label="API keys"
        columns={columnsOf(domains, keys.refresh)}
        empty={
          <EmptyState title="No API keys">
            <p>
              Create the first one here, or with <code>npx sendoff keys create NAME</code>.
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}

const columnsOf = (domains: readonly Domain[], onChange: () => Promise<void>): readonly Column<ApiKey>[] => [
  { title: 'Name', grow: true, cell: (key) => <Name apiKey={key} /> },
  { title: 'Permission', cell: ({ permission }) => <Badge status={permission.replace('_access', '')} tone="calm" /> },
  { title: 'Senders', wide: true, width: 24, cell: ({ domain_id }) => domainName(domain_id, domains) },
  { title: 'Last used', numeric: true, wide: true, width: 13, cell: ({ last_used_at }) => <When iso={last_used_at} /> },
  { title: 'Created', numeric: true, wide: true, width: 13, cell: ({ created_at }) => <When iso={created_at} /> },
  { title: 'Actions', acts: true, width: 22, cell: (key) => <KeyActions apiKey={key} onChange={onChange} /> },
];

const Name = ({ apiKey: { id, name } }: { apiKey: ApiKey }) => (
  <>
    {name || <span class="faint">no name</span>}
    {session.value?.key_id === id && <span class="faint"> · you are signed in with it</span>}
  </>
);

/** The one domain that a key may send from. */
function domainName(id: string | null, domains: readonly Domain[]) {
  if (id === null) return <span class="faint">any</span>;
  return domains.find((domain) => domain.id === id)?.name ?? <code>{id.slice(0, 8)}</code>;
}
