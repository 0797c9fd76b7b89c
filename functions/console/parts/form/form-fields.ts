import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

/** The fields of a form. */
export interface FormFields<Name extends string> {
  readonly of: Readonly<Record<Name, Signal<string>>>;
  /** The fields that differ from what was given or saved. */
  readonly changes: ReadonlySignal<Partial<Record<Name, string>>>;
  readonly changed: ReadonlySignal<boolean>;
  readonly values: () => Record<Name, string>;
  /** Takes the values of the fields as saved. */
  readonly saved: () => void;
}

/** Makes the fields of a form once. */
export function useFields<Name extends string>(given: Record<Name, string>): FormFields<Name> {
  return useMemo(() => createFields(given), []);
}

export function createFields<Name extends string>(given: Record<Name, string>): FormFields<Name> {
  const names = Object.keys(given) as Name[];
  const before = signal(given);
  const of = Object.fromEntries(names.map((name) => [name, signal(given[name])])) as Record<Name, Signal<string>>;
  const values = () => Object.fromEntries(names.map((name) => [name, of[name].value])) as Record<Name, string>;
  const changes = computed(() => {
    const changed = names.filter((name) => of[name].value !== before.value[name]);
    return Object.fromEntries(changed.map((name) => [name, of[name].value])) as Partial<Record<Name, string>>;
  });
  return {
    of,
    values,
    changes,
    changed: computed(() => Object.keys(changes.value).length > 0),
    saved: () => {
      before.value = values();
    },
  };
}

/**
 * The body of the request that saves the content of an email: what has changed of a stored one, or all that is there of a
 * new one. An emptied field is null, but for those of `kept`.
 */
export function contentBody<Name extends string>(
  { changes, values }: FormFields<Name>,
  isStored: boolean,
  kept: readonly Name[] = [],
): Partial<Record<string, unknown>> {
  const given = Object.entries<string | undefined>(isStored ? changes.value : values());
  const entries = given.map(([name, value]) => {
    if (value === '' && !kept.some((one) => one === name)) return [name, isStored ? null : undefined];
    return [name, name === 'reply_to' ? value?.split(/\s*,\s*/) : value];
  });
  return Object.fromEntries(entries);
}

/** Shows the viewer what is missing or wrong in a form whose buttons are elsewhere; throws an error that says so. */
export function checkForm(id: string): void {
  const form = document.getElementById(id);
  if (form instanceof HTMLFormElement && !form.reportValidity())
    throw new Error('A field is missing or not as it should be.');
}
