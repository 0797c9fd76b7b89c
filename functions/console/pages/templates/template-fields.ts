import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { fill, onOneLine, placeholdersOf } from '../../../core/template/placeholders.ts';
import { contentBody, createFields, type FormFields } from '../../parts/form/form-fields.ts';
import type { Template } from './answers.ts';

type TemplateField = 'name' | 'alias' | 'from' | 'reply_to' | 'subject' | 'html' | 'text';

/** A variable in the editor. */
export interface EditedVariable {
  readonly key: string;
  readonly type: 'string' | 'number';
  /** Empty: none. */
  readonly fallback: string;
}

/** The contents of the editor of a template. */
export interface TemplateFields {
  readonly text: FormFields<TemplateField>;
  readonly variables: Signal<readonly EditedVariable[]>;
  /** The values of the preview and of a test, by key. */
  readonly values: Signal<Readonly<Record<string, string>>>;
  readonly changed: ReadonlySignal<boolean>;
  readonly saved: () => void;
}

/** Fields that are not saved, so that they are there again after a look at another page. */
const unsaved = new Map<string, TemplateFields>();

/** The fields of a template; of a new one without. */
export function templateFields(stored: Template | undefined): TemplateFields {
  const key = stored?.id ?? 'new';
  const kept = unsaved.get(key);
  if (kept?.changed.value) return kept;
  const fields = newFields(stored, kept?.values);
  unsaved.set(key, fields);
  return fields;
}

function newFields(stored: Template | undefined, values: TemplateFields['values'] = signal({})): TemplateFields {
  const text = createFields<TemplateField>({
    name: stored?.name ?? '',
    alias: stored?.alias ?? '',
    from: stored?.from ?? '',
    reply_to: stored?.reply_to?.join(', ') ?? '',
    subject: stored?.subject ?? '',
    html: stored?.html ?? '',
    text: stored?.text ?? '',
  });
  const variables = signal(variablesOf(stored));
  const before = signal(JSON.stringify(variables.value));
  return {
    text,
    variables,
    values,
    changed: computed(() => text.changed.value || JSON.stringify(variables.value) !== before.value),
    saved: () => {
      text.saved();
      before.value = JSON.stringify(variables.value);
    },
  };
}

const variablesOf = (stored: Pick<Template, 'variables'> | undefined): readonly EditedVariable[] =>
  (stored?.variables ?? []).map(({ key, type, fallback_value }) => ({
    key,
    type,
    fallback: String(fallback_value ?? ''),
  }));

/** Keys that stand for the recipient or for Sendoff; they are not declared. */
const RESERVED = ['FIRST_NAME', 'LAST_NAME', 'EMAIL', 'UNSUBSCRIBE_URL', 'RESEND_UNSUBSCRIBE_URL', 'contact', 'this'];

/** The placeholders that no variable declares: the API refuses them. */
export function undeclared({ text: { of }, variables }: TemplateFields): string[] {
  const known = [...RESERVED, ...variables.value.map(({ key }) => key)];
  const keys = [of.html, of.text, of.subject].flatMap(({ value }) => placeholdersOf(value)).map(({ key }) => key);
  return [...new Set(keys)].filter((key) => !known.includes(key) && !key.startsWith('contact.'));
}

/** The content with the values of the preview; a placeholder without any shows its key. */
export function filled({
  text: { of },
  variables,
  values,
}: TemplateFields): Record<'subject' | 'html' | 'text', string> {
  const lookUp = (key: string) =>
    values.value[key] || variables.value.find((variable) => variable.key === key)?.fallback || undefined;
  const shown = (text: string) => fill(text, lookUp, (key) => `[${key}]`);
  return { subject: onOneLine(shown(of.subject.value)), html: shown(of.html.value), text: shown(of.text.value) };
}

/** The body of the request that saves a template. */
export function templateBody(
  { text, variables }: TemplateFields,
  stored: Template | undefined,
): Record<string, unknown> {
  return {
    ...contentBody(text, stored !== undefined, ['name', 'html']),
    variables: variables.value.map(({ key, type, fallback }) => ({
      key,
      type,
      ...(fallback === '' ? {} : { fallback_value: type === 'number' ? Number(fallback) : fallback }),
    })),
  };
}
