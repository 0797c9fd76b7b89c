import { expect, it } from 'vitest';
import type { Template } from '../../../../../functions/console/pages/templates/answers.ts';
import {
  filled,
  templateBody,
  templateFields,
  undeclared,
} from '../../../../../functions/console/pages/templates/template-fields.ts';

const variable = (key: string, type: 'string' | 'number', fallback_value: string | number | null) => ({
  ...{ id: key, key, type, fallback_value, created_at: '', updated_at: '' },
});
const stored = (id: string) =>
  ({
    ...{ id, name: 'Receipt', subject: 'For {{{NAME}}}', html: '<p>{{{TOTAL}}} {{{NAME|you}}} {{{EMAIL}}}</p>' },
    variables: [variable('NAME', 'string', 'friend'), variable('TOTAL', 'number', null)],
  }) as unknown as Template;

it('shows placeholders with the values of the preview, then with fallbacks, then as their key', () => {
  const fields = templateFields(stored('1'));
  expect(filled(fields)).toMatchObject({ subject: 'For friend', html: '<p>[TOTAL] friend [EMAIL]</p>' });
  fields.values.value = { TOTAL: '17' };
  expect(filled(fields).html).toBe('<p>17 friend [EMAIL]</p>');
});

it('names placeholders that no variable declares, but for those that stand for the recipient', () => {
  const fields = templateFields(stored('2'));
  expect(undeclared(fields)).toEqual([]);
  fields.text.of.text.value = '{{{OTHER}}} {{{contact.first_name}}}';
  expect(undeclared(fields)).toEqual(['OTHER']);
});

it('saves what has changed, and all variables', () => {
  const fields = templateFields(stored('3'));
  expect(fields.changed.value).toBe(false);
  fields.text.of.subject.value = '';
  fields.variables.value = fields.variables.value.map((one) => ({ ...one, fallback: one.key === 'TOTAL' ? '0' : '' }));
  expect(fields.changed.value).toBe(true);
  expect(templateBody(fields, stored('3'))).toEqual({
    subject: null,
    variables: [
      { key: 'NAME', type: 'string' },
      { key: 'TOTAL', type: 'number', fallback_value: 0 },
    ],
  });
});
