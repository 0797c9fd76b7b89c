import { contentBody, createFields, type FormFields } from '../../parts/form/form-fields.ts';
import type { Broadcast } from './answers.ts';

export type DraftField =
  | 'name'
  | 'segment_id'
  | 'topic_id'
  | 'from'
  | 'reply_to'
  | 'subject'
  | 'preview_text'
  | 'template'
  | 'html'
  | 'text';

/** Fields that are not saved, so that they are there again after a look at another page. */
const unsaved = new Map<string, FormFields<DraftField>>();
const NEW = 'new';

/** The fields of a draft; of a new one with what the address says. */
export function draftFields(
  stored: Broadcast | undefined,
  given: Readonly<Record<string, string>>,
): FormFields<DraftField> {
  const key = stored?.id ?? NEW;
  const kept = unsaved.get(key);
  if (kept?.changed.value && Object.keys(given).length === 0) return kept;
  const empty = fieldsOf(stored);
  const fields = createFields({ ...empty, segment_id: given.segment ?? empty.segment_id });
  if (given.template) fields.of.template.value = given.template;
  unsaved.set(key, fields);
  return fields;
}

const fieldsOf = (stored: Broadcast | undefined): Record<DraftField, string> => ({
  name: stored?.name ?? '',
  segment_id: stored?.segment_id ?? '',
  topic_id: stored?.topic_id ?? '',
  from: stored?.from ?? '',
  reply_to: stored?.reply_to?.join(', ') ?? '',
  subject: stored?.subject ?? '',
  preview_text: stored?.preview_text ?? '',
  template: '',
  html: stored?.html ?? '',
  text: stored?.text ?? '',
});

/** The body of the request that saves a draft: what has changed, or all that is there. */
export function changesFor(fields: FormFields<DraftField>, stored: Broadcast | undefined): Record<string, unknown> {
  const { template, ...body } = contentBody(fields, stored !== undefined);
  if (!template) return body;
  const { html: _html, text: _text, ...others } = body;
  return { ...others, template: { id: template } };
}
