import type { ComponentChildren } from 'preact';

interface Chip {
  readonly value: string;
  readonly text: ComponentChildren;
}

interface ChipsProps {
  /** The name of the choice: `Status`. */
  readonly label: string;
  readonly chips: readonly Chip[];
  readonly selected: readonly string[];
  readonly onChange: (selected: readonly string[]) => void;
  /** Several at once; otherwise a choice replaces the other. */
  readonly several?: boolean;
}

/** A set of values that filter a list; pressed ones are on. */
export function Chips({ label, chips, selected, onChange, several = false }: ChipsProps) {
  const toggle = (value: string) => {
    if (selected.includes(value)) return onChange(selected.filter((other) => other !== value));
    onChange(several ? [...selected, value] : [value]);
  };
  return (
    <fieldset class="chips">
      <legend class="unseen">{label}</legend>
      {chips.map(({ value, text }) => (
        <button key={value} type="button" aria-pressed={selected.includes(value)} onClick={() => toggle(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
