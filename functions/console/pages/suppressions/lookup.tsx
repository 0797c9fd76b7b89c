import { useSignal } from '@preact/signals';
import { usePoll } from '../../api/poll.ts';
import { Badge, ErrorNotice, Input, Notice, When } from '../../parts/index.ts';
import { setQuery } from '../../router.ts';
import type { Suppression } from './answers.ts';
import { Remove } from './columns.tsx';

/** The field for an address to look up. */
export function Lookup({ sought }: { sought: string }) {
  const text = useSignal(sought);
  const submit = (event: Event) => {
    event.preventDefault();
    setQuery({ q: text.value.trim() });
  };
  return (
    <form class="lookup" onSubmit={submit}>
      <Input label="Address" hideLabel type="search" value={text} placeholder="Is this address suppressed?" />
      <button type="submit">Look up</button>
    </form>
  );
}

/** Whether the address that was looked up is suppressed. */
export function Found({ sought }: { sought: string }) {
  const poll = usePoll<Suppression>(`/suppressions/${encodeURIComponent(sought)}`, { everyMs: 60_000 });
  const error = poll.error.value;
  if (error?.status === 404) return <Notice tone="good">{sought} is not suppressed: it gets mail.</Notice>;
  if (error) return <ErrorNotice error={error} retry={poll.refresh} />;
  const found = poll.data.value;
  if (!found) return null;
  return (
    <Notice tone="warn">
      <p>
        {found.email} gets no mail{found.senders && ` from ${found.senders.join(', ')}`}:{' '}
        <Badge status={found.origin} /> <When iso={found.created_at} />
      </p>
      <Remove suppression={found} onRemoved={poll.refresh} />
    </Notice>
  );
}
