import { useSignal } from '@preact/signals';
import type { deadLettersView } from '../../../api/dead-letters/view.ts';
import { usePoll } from '../../api/poll.ts';
import { Action, EmptyState, ErrorNotice, Section, Table } from '../../parts/index.ts';
import { letterColumns } from './letter-columns.tsx';
import { type Move, MoveDialog } from './move-dialog.tsx';

type Letters = ReturnType<typeof deadLettersView>;

/** SQS hides messages while they are read, so they are not read more often than this. */
const EVERY_MS = 60_000;
const MOST_SHOWN = 100;

/** The jobs that no worker could do, with their cause; redrives and purges the chosen ones or all. */
export function DeadLetters({ count, onChange }: { count: number | undefined; onChange: () => void }) {
  const poll = usePoll<Letters>(`/dead-letters?limit=${MOST_SHOWN}`, { everyMs: EVERY_MS });
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const move = useSignal<Move | undefined>(undefined);
  const letters = poll.data.value?.data;
  const ids = (letters ?? []).map(({ id }) => id).filter((id) => chosen.value.has(id));
  const ask = (kind: Move['kind']) => () => {
    move.value = { kind, ids: ids.length > 0 ? ids : undefined };
  };
  const close = () => {
    move.value = undefined;
    chosen.value = new Set();
    void poll.refresh();
    onChange();
  };
  const some = ids.length > 0 ? `${ids.length} chosen` : 'all';
  return (
    <Section
      title="Dead letters"
      actions={
        letters !== undefined &&
        letters.length > 0 && (
          <>
            <Action label={`Redrive ${some}`} tone="primary" run={ask('redrive')} />
            <Action label={`Purge ${some}`} tone="dangerous" run={ask('purge')} />
            <Action label="Refresh" reading tone="quiet" run={poll.refresh} />
          </>
        )
      }
    >
      {poll.error.value && <ErrorNotice error={poll.error.value} retry={poll.refresh} />}
      <Table
        label="Dead letters"
        columns={letterColumns(chosen)}
        rows={letters}
        keyOf={({ id }) => id}
        empty={<NoLetters />}
        placeholders={3}
      />
      {poll.data.value?.has_more && (
        <p class="faint">
          These are the first {letters?.length} of about {count ?? 'more'}. “All” means all of them.
        </p>
      )}
      {move.value && <MoveDialog move={move.value} onClose={close} />}
    </Section>
  );
}

const NoLetters = () => (
  <EmptyState title="No dead letters">
    <p>A job comes here after its last delivery, if no worker could handle it. Emails that SES refuses are not here.</p>
  </EmptyState>
);
