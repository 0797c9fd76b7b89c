import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  /** A few words on what belongs in it. */
  readonly hint?: ComponentChildren;
  readonly error?: string;
  /** Only screen readers get the label: for filters whose meaning is plain. */
  readonly hideLabel?: boolean;
}

/** A label, a control and its hint; `children` gets the ids that tie them together. */
function Field({
  label,
  hint,
  error,
  hideLabel,
  children,
}: FieldProps & { children: (ids: ControlIds) => ComponentChildren }) {
  const id = useId();
  const described = hint || error ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'unseen' : undefined}>
        {label}
      </label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error ? true : undefined })}
      {described && (
        <p id={described} class={error ? 'hint bad' : 'hint'}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

/** The props of every control; the signal holds its value. */
interface ControlProps extends FieldProps {
  readonly value: Signal<string>;
  /** Called after the signal has the new value. */
  readonly onInput?: (value: string) => void;
  readonly required?: boolean;
  readonly disabled?: boolean;
}

interface InputProps extends ControlProps {
  readonly type?: 'text' | 'email' | 'number' | 'password' | 'search' | 'url' | 'datetime-local';
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly autoComplete?: string;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly pattern?: string;
  readonly maxLength?: number;
  /** Fixed-width letters: for ids, keys, code. */
  readonly code?: boolean;
  /** Suggestions. */
  readonly options?: readonly string[];
}

export function Input({ type = 'text', code, options, autoComplete = 'off', ...props }: InputProps) {
  const { field, control } = controlOf(props);
  const list = useId();
  return (
    <Field {...field}>
      {(ids) => (
        <>
          <input
            {...control}
            {...ids}
            // One of the types; JSX's type wants to know which.
            type={type as 'text'}
            class={code ? 'code' : undefined}
            autoComplete={autoComplete}
            list={options && list}
          />
          {options && (
            <datalist id={list}>
              {options.map((option) => (
                <option key={option} value={option} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface SelectProps extends ControlProps {
  /** Value and text, in order. */
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function Select({ options, ...props }: SelectProps) {
  const { field, control } = controlOf(props);
  return (
    <Field {...field}>
      {(ids) => (
        <select {...control} {...ids}>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** The options of a Select: a text for none, then the names. */
export const optionsOf = (
  none: string,
  choices: readonly { id: string; name: string }[] = [],
): (readonly [value: string, text: string])[] => [['', none], ...choices.map(({ id, name }) => [id, name] as const)];

interface TextAreaProps extends ControlProps {
  readonly placeholder?: string;
  readonly rows?: number;
  /** Fixed-width letters. */
  readonly code?: boolean;
}

export function TextArea({ code, rows = 6, ...props }: TextAreaProps) {
  const { field, control } = controlOf(props);
  return (
    <Field {...field}>
      {(ids) => <textarea {...control} {...ids} rows={rows} class={code ? 'code' : undefined} spellcheck={!code} />}
    </Field>
  );
}

/** The props of a control by where they belong; what is typed goes into the signal. */
function controlOf<Props extends ControlProps>(props: Props) {
  const { label, hint, error, hideLabel, value, onInput, ...attributes } = props;
  return {
    field: { label, hint, error, hideLabel },
    control: {
      ...attributes,
      value: value.value,
      onInput: (event: { readonly currentTarget: { readonly value: string } }) => {
        value.value = event.currentTarget.value;
        onInput?.(value.value);
      },
    },
  };
}

interface CheckboxProps {
  readonly label: ComponentChildren;
  /** More about it, for the pointer. */
  readonly title?: string;
  readonly value: Signal<boolean>;
}

export function Checkbox({ label, title, value }: CheckboxProps) {
  return (
    <label class="check" title={title}>
      <input
        type="checkbox"
        checked={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      {label}
    </label>
  );
}
