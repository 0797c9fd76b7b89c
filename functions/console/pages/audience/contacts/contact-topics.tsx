import type { ListAnswer } from '../../../api/pages.ts';
import { usePoll } from '../../../api/poll.ts';
import { api } from '../../../api/request.ts';
import { Action, Badge, type Column, Section, Table } from '../../../parts/index.ts';
import type { ContactTopic } from '../answers.ts';

/** The choice of a contact for each topic, or the topic's default; `path` is the contact's. */
export function ContactTopics({ path, unsubscribed }: { path: string; unsubscribed: boolean }) {
  const { data, refresh } = usePoll<ListAnswer<ContactTopic>>(`${path}/topics?limit=100`);
  const choose = (id: string, subscription: ContactTopic['subscription']) => async () => {
    await api('PATCH', `${path}/topics`, { topics: [{ id, subscription }] });
    await refresh();
  };
  const columns: readonly Column<ContactTopic>[] = [
    { title: 'Topic', grow: true, cell: ({ name }) => name },
    {
      title: 'Subscribed',
      cell: ({ subscription }) =>
        subscription === 'opt_in' ? <Badge status="yes" tone="good" /> : <Badge status="no" tone="calm" />,
    },
    {
      title: 'Actions',
      acts: true,
      width: 12,
      cell: ({ id, name, subscription }) =>
        subscription === 'opt_in' ? (
          <Action label="Opt out" name={`Opt out of ${name}`} tone="quiet" run={choose(id, 'opt_out')} />
        ) : (
          <Action label="Opt in" name={`Opt in to ${name}`} tone="quiet" run={choose(id, 'opt_in')} />
        ),
    },
  ];
  return (
    <Section title="Topics">
      {unsubscribed && <p class="faint">Unsubscribed from everything: the topics make no difference.</p>}
      <Table
        label="Topics"
        columns={columns}
        rows={data.value?.data}
        keyOf={({ id }) => id}
        placeholders={1}
        empty={<p class="faint">There are no topics.</p>}
      />
    </Section>
  );
}
