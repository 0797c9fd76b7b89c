import { useMemo } from 'preact/hooks';
import { api } from '../../api/request.ts';
import { Action, checkForm, Page } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import { Editor, TEMPLATE_FORM } from './editor.tsx';
import { templateBody, templateFields } from './template-fields.ts';

/** The editor of a template that does not exist yet. */
export function NewTemplate() {
  const fields = useMemo(() => templateFields(undefined), []);
  const create = async () => {
    checkForm(TEMPLATE_FORM);
    const go = goToFromHere();
    const { id } = await api<{ id: string }>('POST', '/templates', templateBody(fields, undefined));
    fields.saved();
    go(linkTo('templates', id), { replace: true });
    return 'Saved as a draft. Emails can use it after it is published.';
  };
  return (
    <Page
      title="New template"
      parent={{ title: 'Templates', href: linkTo('templates') }}
      actions={<Action label="Save" tone="primary" run={create} />}
    >
      <Editor fields={fields} />
    </Page>
  );
}
