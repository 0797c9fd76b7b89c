import { useSignal } from '@preact/signals';
import { fill, placeholdersOf } from '../../../core/template/placeholders.ts';
import type { ListAnswer } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { type FormFields, Input, LivePreview, Notice, optionsOf, Select, TextArea } from '../../parts/index.ts';
import { count, counted } from '../../parts/values/formats.ts';
import { linkTo } from '../../router.ts';
import { useSegments, useTopics } from '../audience/choices.ts';
import type { TemplateRow } from '../templates/answers.ts';
import type { Broadcast } from './answers.ts';
import type { DraftField } from './draft-fields.ts';

export const DRAFT_FORM = 'draft';

interface DraftFormProps {
  readonly fields: FormFields<DraftField>;
  /** The recipients of a draft with a list of its own. */
  readonly list: Broadcast['list'];
}

/** The fields of a draft on the left, what a recipient sees on the right. */
export function DraftForm({ fields: { of }, list }: DraftFormProps) {
  const [segments, topics] = [useSegments(), useTopics()];
  const segmentChoices = (segments.value ?? []).map(
    ({ id, name, contact_count }) => [id, `${name} (${counted(contact_count, 'contact')})`] as const,
  );
  return (
    <div class="editor">
      <form id={DRAFT_FORM} onSubmit={(event) => event.preventDefault()}>
        <Input label="Name" value={of.name} maxLength={70} hint="For you; recipients do not see it." />
        {list ? (
          <Notice>To a list of {counted(list.total, 'recipient')}, which came by the API or the command line.</Notice>
        ) : (
          <Select
            label="To the segment"
            required
            value={of.segment_id}
            options={[['', 'Choose a segment…'], ...segmentChoices]}
            hint={
              segments.value?.length === 0 ? (
                <a href={linkTo('audience', 'segments')}>Create a segment first</a>
              ) : undefined
            }
          />
        )}
        <Select
          label="Topic"
          value={of.topic_id}
          options={optionsOf('None: everybody who is not unsubscribed', topics.value)}
        />
        <Input label="From" required value={of.from} placeholder="Shop <news@example.com>" />
        <Input label="Reply to" value={of.reply_to} placeholder="Addresses, with commas between them" />
        <Input
          label="Subject"
          required
          value={of.subject}
          maxLength={998}
          placeholder="News for {{{FIRST_NAME|you}}}"
        />
        <Input
          label="Preview text"
          value={of.preview_text}
          maxLength={1000}
          hint="Shown after the subject in the inbox."
        />
        <TemplateChoice of={of} />
        {of.template.value === '' && (
          <>
            <TextArea
              label="HTML"
              code
              rows={14}
              value={of.html}
              placeholder="<p>Hello {{{FIRST_NAME|there}}}</p>"
              hint={<Placeholders text={of.subject.value + of.html.value + of.text.value} />}
            />
            <TextArea label="Text" code rows={4} value={of.text} hint="Empty: made from the HTML." />
          </>
        )}
      </form>
      <ExamplePreview of={of} />
    </div>
  );
}

type Of = FormFields<DraftField>['of'];

function TemplateChoice({ of }: { of: Of }) {
  const { data } = usePoll<ListAnswer<TemplateRow>>('/templates?limit=100', { everyMs: 60_000 });
  const published = (data.value?.data ?? []).filter(({ status }) => status === 'published');
  if (published.length === 0 && of.template.value === '') return null;
  return (
    <Select
      label="Content"
      value={of.template}
      options={[
        ['', 'Written here'],
        ...published.map(({ id, name }) => [id, `Copied from template ${name}`] as const),
      ]}
      hint={of.template.value === '' ? undefined : 'Save to copy it; then it can be changed here.'}
    />
  );
}

/** The placeholders of the content, so that a misspelt one is seen. */
function Placeholders({ text }: { text: string }) {
  const keys = [...new Set(placeholdersOf(text).map(({ key }) => key))];
  return keys.length === 0 ? (
    <code>{'{{{FIRST_NAME|there}}}, {{{property|fallback}}}, {{{RESEND_UNSUBSCRIBE_URL}}}'}</code>
  ) : (
    <>
      {count(keys.length)} placeholders: <code>{keys.join(', ')}</code>
    </>
  );
}

/** The email as a contact without values sees it, or one with this first name. */
function ExamplePreview({ of }: { of: Of }) {
  const firstName = useSignal('Ada');
  const lookUp = (key: string) =>
    ({ FIRST_NAME: firstName.value, 'contact.first_name': firstName.value, RESEND_UNSUBSCRIBE_URL: '#' })[key] ||
    undefined;
  const shown = (text: string) => fill(text, lookUp, (key) => `[${key}]`);
  return (
    <div class="editor-preview">
      <Input label="Shown for a contact with the first name" value={firstName} />
      <p class="preview-subject">
        <strong>{shown(of.subject.value) || 'No subject'}</strong> <span class="faint">{of.preview_text.value}</span>
      </p>
      <LivePreview title="Preview" html={shown(of.html.value) || '<p></p>'} />
    </div>
  );
}
