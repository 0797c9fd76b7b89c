import { usePages } from '../../api/pages.ts';
import { type Column, EmptyState, Page, PagedTable, When } from '../../parts/index.ts';
import { linkTo, type Route } from '../../router.ts';
import type { Webhook } from './answers.ts';
import { CreateEndpoint } from './endpoint-form.tsx';
import { EndpointPage } from './endpoint-page.tsx';
import { EventPage } from './event-page.tsx';
import { Health } from './health.tsx';

/** Webhooks: endpoints, what they were told and how they answered. */
export function Webhooks({ path: [id, eventId] }: Route) {
  if (id === undefined) return <EndpointList />;
  if (eventId === undefined) return <EndpointPage key={id} id={id} />;
  return <EventPage key={eventId} webhookId={id} id={eventId} />;
}

function EndpointList() {
  const pages = usePages<Webhook>('/webhooks');
  return (
    <Page title="Webhooks" actions={<CreateEndpoint />}>
      <PagedTable
        pages={pages}
        unit="endpoint"
        label="Webhook endpoints"
        columns={columns}
        hrefOf={({ id }) => linkTo('webhooks', id)}
        empty={<NoEndpoints />}
      />
    </Page>
  );
}

const columns: readonly Column<Webhook>[] = [
  { title: 'Endpoint', grow: true, cell: ({ endpoint }) => endpoint },
  { title: 'State', width: 26, cell: (webhook) => <Health webhook={webhook} /> },
  { title: 'Events', wide: true, width: 44, cell: ({ events }) => eventsText(events) },
  { title: 'Created', numeric: true, wide: true, width: 13, cell: ({ created_at }) => <When iso={created_at} /> },
];

/** The types that an endpoint subscribes to, in a few words. */
function eventsText(events: Webhook['events']): string {
  if (events.length === 0) return 'all';
  const rest = events.length - 2;
  return rest > 1 ? `${events.slice(0, 2).join(', ')} and ${rest} more` : events.join(', ');
}

const NoEndpoints = () => (
  <EmptyState title="No endpoint yet">
    <p>Add the URL of a server of yours: it is told when an email is delivered, bounces, is opened and so on.</p>
  </EmptyState>
);
