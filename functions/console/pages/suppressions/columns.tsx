import { api } from '../../api/request.ts';
import { Action, Badge, type Column, type Tone, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Suppression } from './answers.ts';

const TONES: Readonly<Record<Suppression['origin'], Tone>> = {
  bounce: 'bad',
  complaint: 'bad',
  manual: 'calm',
  unsubscribe: 'warn',
};

/** The columns of suppressed addresses; `onRemoved` is called after a removal. */
export const suppressionColumns = (onRemoved: () => unknown): readonly Column<Suppression>[] => [
  { title: 'Address', grow: true, cell: ({ email }) => email },
  { title: 'Origin', cell: ({ origin }) => <Badge status={origin} tone={TONES[origin]} /> },
  { title: 'Not from', wide: true, width: 24, cell: ({ senders }) => senders?.join(', ') ?? 'anybody' },
  { title: 'Because of', wide: true, cell: ({ source_id }) => <Source id={source_id} /> },
  { title: 'Added', numeric: true, wide: true, width: 13, cell: ({ created_at }) => <When iso={created_at} /> },
  { title: 'Actions', acts: true, width: 12, cell: (one) => <Remove suppression={one} onRemoved={onRemoved} /> },
];

function Source({ id }: { id: string | null }) {
  if (id === null) return <span class="faint">–</span>;
  return (
    <a href={linkTo('emails', id)}>
      <code>{id.slice(0, 8)}</code>
    </a>
  );
}

/** The button that lets mail to an address go out again. */
export function Remove({ suppression: { id, email, origin }, onRemoved }: RemoveProps) {
  const remove = async () => {
    await api('DELETE', `/suppressions/${encodeURIComponent(id)}`);
    await onRemoved();
    return `${email} gets mail again.`;
  };
  const harmful = origin === 'bounce' || origin === 'complaint';
  return (
    <Action
      label="Remove"
      name={`Remove ${email}`}
      tone="quiet"
      run={remove}
      confirm={`${email} will get mail again.${harmful ? ` It is here by a ${origin}: another one harms your reputation as a sender.` : ''}`}
    />
  );
}

interface RemoveProps {
  readonly suppression: Suppression;
  readonly onRemoved: () => unknown;
}
