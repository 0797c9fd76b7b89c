import { count, percent } from './formats.ts';

interface ProgressProps {
  readonly label: string;
  readonly value: number;
  /** undefined or null: it is not known yet. */
  readonly total: number | null | undefined;
  /** On one line, for rows of a table. */
  readonly inline?: boolean;
}

/** How much of something is done. */
export function Progress({ label, value, total, inline = false }: ProgressProps) {
  const share = total ? Math.min(1, value / total) : 0;
  const counts = total ? `${count(value)} of ${count(total)}` : count(value);
  return (
    <div class={inline ? 'progress inline' : 'progress'} title={inline ? counts : undefined}>
      <progress aria-label={label} value={share} max={1} />
      <span class="number">{!total ? counts : inline ? percent(share) : `${counts} (${percent(share)})`}</span>
    </div>
  );
}
