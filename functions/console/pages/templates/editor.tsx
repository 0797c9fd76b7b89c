import { Action, Input, LivePreview, Notice, TextArea } from '../../parts/index.ts';
import { filled, type TemplateFields, undeclared } from './template-fields.ts';
import { Variables } from './variables.tsx';

export const TEMPLATE_FORM = 'template';

/** The content on the left; variables and what a recipient sees on the right. */
export function Editor({ fields }: { fields: TemplateFields }) {
  const { of } = fields.text;
  return (
    <div class="editor">
      <form id={TEMPLATE_FORM} onSubmit={(event) => event.preventDefault()}>
        <Input label="Name" required maxLength={200} value={of.name} />
        <Input
          label="Alias"
          code
          maxLength={100}
          pattern="[A-Za-z0-9_.\-]+"
          value={of.alias}
          hint="Stands for the id in requests: letters, digits, underscores, dots, dashes."
        />
        <Input label="Subject" maxLength={998} value={of.subject} placeholder="Welcome, {{{NAME|friend}}}" />
        <Input label="From" value={of.from} placeholder="Shop <shop@example.com>" hint="Requests may say another." />
        <Input label="Reply to" value={of.reply_to} placeholder="Addresses, with commas between them" />
        <TextArea label="HTML" required code rows={18} value={of.html} placeholder="<p>Hello {{{NAME|friend}}}</p>" />
        <TextArea label="Text" code rows={4} value={of.text} hint="Empty: made from the HTML." />
      </form>
      <div class="editor-preview">
        <Undeclared fields={fields} />
        <Variables fields={fields} />
        <Shown fields={fields} />
      </div>
    </div>
  );
}

/** Placeholders without a variable: saving would be refused. */
function Undeclared({ fields }: { fields: TemplateFields }) {
  const keys = undeclared(fields);
  if (keys.length === 0) return null;
  const declare = () => {
    fields.variables.value = [
      ...fields.variables.value,
      ...keys.map((key) => ({ key, type: 'string', fallback: '' }) as const),
    ];
  };
  return (
    <Notice tone="warn">
      <p>
        Not declared: <code>{keys.join(', ')}</code>. Each placeholder needs a variable.
      </p>
      <Action label="Declare" run={declare} />
    </Notice>
  );
}

function Shown({ fields }: { fields: TemplateFields }) {
  const { subject, html } = filled(fields);
  return (
    <>
      <p class="preview-subject">
        <strong>{subject || 'No subject'}</strong>
      </p>
      <LivePreview title="Preview" html={html || '<p></p>'} />
    </>
  );
}
