import { useSignal } from '@preact/signals';
import type { purgedView, redrivenView } from '../../../api/dead-letters/view.ts';
import { api } from '../../api/request.ts';
import { Count, FormDialog, notify } from '../../parts/index.ts';

/** A move of dead letters: of these, or of all if `ids` is undefined. */
export interface Move {
  readonly kind: 'redrive' | 'purge';
  readonly ids: readonly string[] | undefined;
}

type Redriven = ReturnType<typeof redrivenView>;
type Purged = ReturnType<typeof purgedView>;

const WORDS = {
  redrive: {
    verb: 'Redrive',
    done: 'redriven',
    text: 'They go back to the queues that they came from. Those that fail again come back here.',
  },
  purge: {
    verb: 'Purge',
    done: 'purged',
    text: 'They are deleted. An email that waits for one of them ends as failed, and can be retried.',
  },
} as const;

/** Asks, then calls the API until nothing is left: a call works for at most 20 s. */
export function MoveDialog({ move: { kind, ids }, onClose }: { move: Move; onClose: () => void }) {
  const moved = useSignal(0);
  const stopped = useSignal(false);
  const { verb, done, text } = WORDS[kind];
  const work = async () => {
    const result = await moveAll(kind, ids, (count) => {
      moved.value += count;
      return !stopped.value;
    });
    notify(result);
  };
  const what =
    ids === undefined ? 'all dead letters' : ids.length === 1 ? 'this dead letter' : `${ids.length} dead letters`;
  return (
    <FormDialog
      title={`${verb} ${what}?`}
      submit={verb}
      dangerous={kind === 'purge'}
      onSubmit={work}
      onClose={() => {
        stopped.value = true;
        onClose();
      }}
    >
      <p>{text}</p>
      {moved.value > 0 && (
        <p role="status">
          <Count value={moved.value} /> {done} so far. Closing this stops after the current step.
        </p>
      )}
    </FormDialog>
  );
}

/** Repeats the call while there is more; `onMoved` is told the count of each call and answers whether to go on. */
async function moveAll(kind: Move['kind'], ids: Move['ids'], onMoved: (count: number) => boolean): Promise<string> {
  const total = { moved: 0, left: 0, failed: 0 };
  let queuedUntil: string | undefined;
  for (;;) {
    const choice = ids === undefined ? { all: true } : { ids };
    const until = queuedUntil === undefined ? {} : { queued_until: queuedUntil };
    const answer = await api<Redriven | Purged>('POST', `/dead-letters/${kind}`, { ...choice, ...until });
    const moved = 'redriven' in answer ? answer.redriven : answer.purged;
    total.moved += moved;
    if ('redriven' in answer) {
      total.left = answer.left;
      queuedUntil = answer.queued_until;
    } else total.failed += answer.emails_failed;
    if (!onMoved(moved) || !answer.has_more) break;
  }
  return summary(kind, total);
}

function summary(kind: Move['kind'], { moved, left, failed }: { moved: number; left: number; failed: number }): string {
  const parts = [`${kind === 'redrive' ? 'Redriven' : 'Purged'}: ${moved}.`];
  if (left > 0) parts.push(`Left: ${left}, which belong to no queue of this deployment or have just come.`);
  if (failed > 0) parts.push(`Emails that ended as failed: ${failed}.`);
  return parts.join(' ');
}
