import { expect, it } from 'vitest';
import type { Broadcast } from '../../../../../functions/console/pages/broadcasts/answers.ts';
import { changesFor, draftFields } from '../../../../../functions/console/pages/broadcasts/draft-fields.ts';

const stored = (id: string) =>
  ({ id, name: 'May', from: 'a@example.com', subject: 'S', html: '<p>', topic_id: 't' }) as Broadcast;

it('a new draft is created with what was typed, and without empty fields', () => {
  const fields = draftFields(undefined, { segment: 's' });
  fields.of.subject.value = 'News';
  fields.of.reply_to.value = 'a@example.com, b@example.com';
  const body = JSON.parse(JSON.stringify(changesFor(fields, undefined)));
  expect(body).toEqual({ segment_id: 's', subject: 'News', reply_to: ['a@example.com', 'b@example.com'] });
});

it('a draft is changed by what differs: an emptied field is cleared', () => {
  const fields = draftFields(stored('1'), {});
  expect(changesFor(fields, stored('1'))).toEqual({});
  fields.of.topic_id.value = '';
  fields.of.subject.value = 'Other';
  expect(changesFor(fields, stored('1'))).toEqual({ topic_id: null, subject: 'Other' });
});

it('a template replaces what is in the fields', () => {
  const fields = draftFields(stored('2'), {});
  fields.of.html.value = 'changed';
  fields.of.template.value = 'welcome';
  expect(changesFor(fields, stored('2'))).toEqual({ template: { id: 'welcome' } });
});

it('what is not saved is there again after a look at another page; what is saved is not', () => {
  const fields = draftFields(stored('3'), {});
  fields.of.name.value = 'June';
  expect(draftFields(stored('3'), {})).toBe(fields);
  fields.saved();
  expect(draftFields(stored('3'), {}).of.name.value).toBe('May');
});
