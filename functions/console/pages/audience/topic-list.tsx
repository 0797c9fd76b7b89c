import type { ListAnswer } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import {
  Action,
  type Column,
  DialogAction,
  EmptyState,
  ErrorNotice,
  FormDialog,
  Input,
  Select,
  Table,
  useFields,
  When,
} from '../../parts/index.ts';
import type { Topic } from './answers.ts';
import { AudiencePage } from './audience-page.tsx';

const DEFAULTS = {
  opt_in: 'Subscribed until they opt out',
  opt_out: 'Not subscribed until they opt in',
} as const;
const VISIBILITIES = {
  public: 'Everybody sees it on the unsubscribe page',
  private: 'Only its subscribers see it there',
} as const;

const columnsOf = (onChange: () => Promise<void>): readonly Column<Topic>[] => [
  { title: 'Topic', grow: true, cell: ({ name }) => name },
  { title: 'Description', grow: true, wide: true, cell: ({ description }) => description },
  {
    title: 'By default',
    width: 16,
    cell: ({ default_subscription }) => (default_subscription === 'opt_in' ? 'subscribed' : 'not subscribed'),
  },
  { title: 'Visibility', width: 11, wide: true, cell: ({ visibility }) => visibility },
  { title: 'Created', wide: true, cell: ({ created_at }) => <When iso={created_at} /> },
  { title: 'Actions', acts: true, width: 18, cell: (topic) => <TopicActions topic={topic} onChange={onChange} /> },
];

/** All topics: what contacts can subscribe to. */
export function Topics() {
  const { data, error, refresh } = usePoll<ListAnswer<Topic>>('/topics');
  const create = (
    <DialogAction label="New topic" tone="primary">
      {(close) => <TopicDialog onSaved={refresh} onClose={close} />}
    </DialogAction>
  );
  return (
    <AudiencePage view="topics" actions={create}>
      {error.value && <ErrorNotice error={error.value} retry={refresh} />}
      <Table
        label="Topics"
        columns={columnsOf(refresh)}
        rows={data.value?.data}
        keyOf={({ id }) => id}
        empty={
          <EmptyState title="No topics yet">
            <p>
              A topic is a subject that contacts subscribe to: “Offers”, “Product news”. A broadcast with a topic
              reaches only its subscribers, and people can leave it without leaving everything.
            </p>
          </EmptyState>
        }
      />
    </AudiencePage>
  );
}

function TopicActions({ topic, onChange }: { topic: Topic; onChange: () => Promise<void> }) {
  const { id, name } = topic;
  const remove = async () => {
    await api('DELETE', `/topics/${id}`);
    await onChange();
    return `${name} is deleted.`;
  };
  return (
    <div class="actions">
      <DialogAction label="Edit" name={`Edit ${name}`} tone="quiet">
        {(close) => <TopicDialog topic={topic} onSaved={onChange} onClose={close} />}
      </DialogAction>
      <Action
        label="Delete"
        name={`Delete ${name}`}
        tone="quiet"
        confirm="The choices that contacts made for it have no effect any more."
        run={remove}
      />
    </div>
  );
}

interface TopicDialogProps {
  /** The topic to change; absent: a new one is made. */
  readonly topic?: Topic;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

function TopicDialog({ topic, onSaved, onClose }: TopicDialogProps) {
  const { of } = useFields({
    name: topic?.name ?? '',
    description: topic?.description ?? '',
    default_subscription: topic?.default_subscription ?? 'opt_in',
    visibility: topic?.visibility ?? 'private',
  });
  const save = async () => {
    const fields = { name: of.name.value, description: of.description.value || null, visibility: of.visibility.value };
    if (topic) await api('PATCH', `/topics/${topic.id}`, fields);
    else await api('POST', '/topics', { ...fields, default_subscription: of.default_subscription.value });
    await onSaved();
  };
  return (
    <FormDialog title={topic ? `Edit ${topic.name}` : 'New topic'} submit="Save" onSubmit={save} onClose={onClose}>
      <Input label="Name" required autoFocus maxLength={50} value={of.name} />
      <Input label="Description" maxLength={200} value={of.description} hint="Shown on the unsubscribe page." />
      <Select
        label="Contacts who chose nothing"
        value={of.default_subscription}
        disabled={topic !== undefined}
        options={Object.entries(DEFAULTS)}
        hint={topic ? 'It cannot be changed: contacts agreed to it.' : 'It cannot be changed later.'}
      />
      <Select label="Visibility" value={of.visibility} options={Object.entries(VISIBILITIES)} />
    </FormDialog>
  );
}
