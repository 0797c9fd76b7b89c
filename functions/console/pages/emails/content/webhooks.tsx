import { usePoll } from '../../../api/poll.ts';
import { Badge, type Column, Duration, EmptyState, ErrorNotice, Table, When } from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { WebhookDelivery } from '../answers.ts';

const COLUMNS: readonly Column<WebhookDelivery>[] = [
  { title: 'Event', cell: ({ type }) => type.replace('email.', '').replaceAll('_', ' '), width: 18 },
  { title: 'Status', cell: ({ status }) => <Badge status={status} tone={toneOf(status)} />, width: 13 },
  { title: 'Endpoint', cell: ({ endpoint }) => endpoint, grow: true, wide: true },
  { title: 'Attempts', cell: ({ attempts }) => attempts, numeric: true, wide: true },
  { title: 'Last answer', cell: (delivery) => <LastAnswer {...delivery} />, wide: true, width: 16 },
  { title: 'When', cell: (delivery) => <LastTime {...delivery} />, numeric: true, wide: true, width: 15 },
];

const toneOf = (status: string) => (status === 'success' ? 'good' : status === 'failed' ? 'bad' : 'busy');

/** The webhook events of the email, by endpoint. */
export function Webhooks({ id }: { id: string }) {
  const { data, error, refresh } = usePoll<{ data: readonly WebhookDelivery[] }>(
    `/emails/${encodeURIComponent(id)}/webhooks`,
    { while: ({ data }) => data.some(({ status }) => status === 'attempting') },
  );
  if (error.value) return <ErrorNotice error={error.value} retry={refresh} />;
  return (
    <Table
      label="Webhook events of the email"
      columns={COLUMNS}
      rows={data.value?.data}
      keyOf={({ id, webhook_id }) => `${webhook_id} ${id}`}
      hrefOf={({ id, webhook_id }) => linkTo('webhooks', webhook_id, id)}
      placeholders={3}
      empty={
        <EmptyState title="No endpoint was told about this email">
          <p>
            <a href={linkTo('webhooks')}>Webhooks</a> that subscribe to its events get them from then on.
          </p>
        </EmptyState>
      }
    />
  );
}

function LastAnswer({ last_attempt: last }: WebhookDelivery) {
  if (!last) return <span class="faint">–</span>;
  return (
    <span class="number">
      {last.http_status_code || 'none'} <span class="faint">in</span> <Duration ms={last.duration_ms} />
    </span>
  );
}

const LastTime = ({ created_at, next_attempt_at }: WebhookDelivery) =>
  next_attempt_at ? (
    <>
      next <When iso={next_attempt_at} />
    </>
  ) : (
    <When iso={created_at} />
  );
