import type { Signal } from '@preact/signals';
import type { deadLetterView } from '../../../api/dead-letters/view.ts';
import { Badge, Code, type Column, Count, Dialog, DialogAction, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';

type Letter = ReturnType<typeof deadLetterView>;

/** The columns of the dead letters; `chosen` holds the ids that are ticked. */
export function letterColumns(chosen: Signal<ReadonlySet<string>>): readonly Column<Letter>[] {
  const choice: Column<Letter> = {
    title: 'Chosen',
    acts: true,
    width: 5,
    cell: (letter) => <Choice letter={letter} chosen={chosen} />,
  };
  return [choice, ...columns];
}

const columns: readonly Column<Letter>[] = [
  { title: 'Job', width: 24, cell: (letter) => <Job letter={letter} /> },
  { title: 'Cause', grow: true, cell: ({ error }) => error?.split('\n')[0] ?? <span class="faint">not known</span> },
  { title: 'About', width: 22, cell: (letter) => <About letter={letter} /> },
  { title: 'Queue', wide: true, cell: ({ queue }) => queue ?? <span class="faint">not known</span> },
  { title: 'Attempt', numeric: true, wide: true, cell: ({ attempt }) => <Count value={attempt} /> },
  { title: 'Queued', numeric: true, width: 13, cell: ({ queued_at }) => <When iso={queued_at} /> },
];

function Choice({ letter, chosen }: { letter: Letter; chosen: Signal<ReadonlySet<string>> }) {
  const { id } = letter;
  const change = (event: { currentTarget: HTMLInputElement }) => {
    const next = new Set(chosen.value);
    if (event.currentTarget.checked) next.add(id);
    else next.delete(id);
    chosen.value = next;
  };
  return (
    <input
      type="checkbox"
      aria-label={`Choose ${nameOf(letter)} ${id.slice(0, 8)}`}
      checked={chosen.value.has(id)}
      onInput={change}
    />
  );
}

/** The task of the job; opens its text. */
function Job({ letter }: { letter: Letter }) {
  const { id, body, receive_count } = letter;
  const name = nameOf(letter);
  return (
    <DialogAction reading tone="link" label={name}>
      {(close) => (
        <Dialog title={name} wide onClose={close}>
          <p class="faint">
            Message <code>{id}</code>, received <Count value={receive_count} unit="time" />.
          </p>
          <Code label="Text of the message" text={indented(body)} />
        </Dialog>
      )}
    </DialogAction>
  );
}

/** The task of the job; for a run, that of its owner. */
function nameOf({ task, body }: Letter): string {
  if (task === null) return 'not a job';
  const ofRun: unknown = task.startsWith('run.') ? JSON.parse(body).args?.task : undefined;
  return typeof ofRun === 'string' ? ofRun : task;
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    // Dead letters may be any text.
    return body;
  }
}

/** The email or the run that the job was for, and its state. */
function About({ letter: { email_id, email_status, run_id, run_status } }: { letter: Letter }) {
  const id = run_id ?? email_id;
  const status = run_status ?? email_status;
  // Jobs of other tasks may have an id too, which is none of an email.
  if (id === null || status === null) return <span class="faint">–</span>;
  const href = run_id === null ? linkTo('emails', id) : linkTo('tasks', 'runs', id);
  return (
    <>
      <a href={href}>
        <code>{id.slice(0, 8)}</code>
      </a>{' '}
      <Badge status={status} />
    </>
  );
}
