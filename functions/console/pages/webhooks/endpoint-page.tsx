import { type Pages, usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import {
  Action,
  Answer,
  Badge,
  type Column,
  EmptyState,
  KeyValue,
  Notice,
  Page,
  PagedTable,
  Section,
  When,
} from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import type { WebhookDetail, WebhookEvent } from './answers.ts';
import { EditEndpoint } from './endpoint-form.tsx';
import { Health } from './health.tsx';
import { RotateSecret } from './secret.tsx';

/** An endpoint and the events that it was told of. */
export function EndpointPage({ id }: { id: string }) {
  const path = `/webhooks/${encodeURIComponent(id)}`;
  const poll = usePoll<WebhookDetail>(path);
  const events = usePages<WebhookEvent>(`${path}/events`, {
    while: ({ data }) => data.some(({ status }) => status === 'attempting'),
  });
  const webhook = poll.data.value;
  return (
    <Page
      title={webhook?.endpoint ?? 'Endpoint'}
      parent={{ title: 'Webhooks', href: linkTo('webhooks') }}
      aside={webhook && <Health webhook={webhook} />}
      actions={webhook && <EndpointActions webhook={webhook} onChange={poll.refresh} />}
    >
      <Answer poll={poll} missing={<EmptyState title="There is no endpoint with this id" />}>
        {(known) => (
          <>
            <Facts webhook={known} />
            <Events id={id} events={events} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Facts({ webhook: { disabled_reason, disabled_at, events, created_at } }: { webhook: WebhookDetail }) {
  return (
    <>
      {disabled_reason && (
        <Notice tone="warn">
          <p>
            Disabled <When iso={disabled_at} />. {disabled_reason}
          </p>
        </Notice>
      )}
      <KeyValue
        list={[
          ['Events', events.length === 0 ? 'all' : events.join(', ')],
          ['Created', <When iso={created_at} />],
        ]}
      />
    </>
  );
}

function Events({ id, events }: { id: string; events: Pages<WebhookEvent> }) {
  return (
    <Section title="Events of the last 30 days">
      <PagedTable
        pages={events}
        unit="event"
        label="Events"
        columns={columns}
        hrefOf={(event) => linkTo('webhooks', id, event.id)}
        empty={
          <EmptyState title="It was told nothing yet">
            <p>An event appears here after its first attempt.</p>
          </EmptyState>
        }
      />
    </Section>
  );
}

const columns: readonly Column<WebhookEvent>[] = [
  { title: 'State', cell: ({ status }) => <DeliveryBadge status={status} /> },
  { title: 'Event', grow: true, cell: ({ type }) => type },
  { title: 'First attempt', numeric: true, width: 15, cell: ({ created_at }) => <When iso={created_at} /> },
];

/** The state of a delivery. */
export const DeliveryBadge = ({ status }: Pick<WebhookEvent, 'status'>) =>
  status === 'success' ? (
    <Badge status="delivered" />
  ) : (
    <Badge status={status} {...(status === 'attempting' ? { tone: 'warn' } : {})} />
  );

function EndpointActions({ webhook, onChange }: { webhook: WebhookDetail; onChange: () => Promise<void> }) {
  const path = `/webhooks/${encodeURIComponent(webhook.id)}`;
  const setStatus = async (status: 'enabled' | 'disabled') => {
    await api('PATCH', path, { status });
    await onChange();
  };
  const remove = async () => {
    const go = goToFromHere();
    await api('DELETE', path);
    go(linkTo('webhooks'));
  };
  return (
    <>
      <EditEndpoint webhook={webhook} onChange={onChange} />
      <RotateSecret id={webhook.id} />
      {webhook.status === 'enabled' ? (
        <Action
          label="Disable"
          confirm="It is told nothing until it is enabled again. What happens meanwhile is lost for it."
          run={() => setStatus('disabled')}
        />
      ) : (
        <Action label="Enable" tone="primary" run={() => setStatus('enabled')} />
      )}
      <Action
        label="Delete"
        tone="dangerous"
        confirm="The endpoint and its secret are deleted. It is told nothing more."
        run={remove}
      />
    </>
  );
}
