import { useMemo } from 'preact/hooks';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import { mayAct } from '../../api/session.ts';
import { Action, Answer, Badge, checkForm, EmptyState, Page, Tabs, When } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import type { Template } from './answers.ts';
import { Editor, TEMPLATE_FORM } from './editor.tsx';
import { type TemplateFields, templateBody, templateFields } from './template-fields.ts';
import { TestAction } from './test-action.tsx';
import { Usage } from './usage.tsx';
import { Versions } from './versions.tsx';

const PARENT = { title: 'Templates', href: linkTo('templates') };

/** One template: editor, versions, how an app sends it. */
export function OneTemplate({
  id,
  view,
  version,
}: {
  id: string;
  view: string | undefined;
  version: string | undefined;
}) {
  const poll = usePoll<Template>(`/templates/${encodeURIComponent(id)}`);
  const stored = poll.data.value;
  if (stored) return <Loaded stored={stored} view={view} version={version} refresh={poll.refresh} />;
  return (
    <Page title="Template" parent={PARENT}>
      <Answer poll={poll} missing={<EmptyState title="There is no template with this id" />} />
    </Page>
  );
}

interface LoadedProps {
  readonly stored: Template;
  readonly view: string | undefined;
  readonly version: string | undefined;
  readonly refresh: () => Promise<void>;
}

function Loaded({ stored, view = 'editor', version, refresh }: LoadedProps) {
  const { id, name, status, published_at, has_unpublished_versions } = stored;
  // Another version in the editor: one that was saved elsewhere, or a former one that was restored.
  const fields = useMemo(() => templateFields(stored), [stored.updated_at]);
  const tab = (tabId: string, title: string) => ({ id: tabId, title, href: linkTo('templates', id, tabId) });
  return (
    <Page
      title={name}
      parent={PARENT}
      aside={
        <>
          <Badge status={status} />
          {published_at && (
            <span class="faint">
              <When iso={published_at} />
              {has_unpublished_versions && '; changed since'}
            </span>
          )}
          {fields.changed.value && mayAct.value && <span class="warn">not saved</span>}
        </>
      }
      actions={<TemplateActions stored={stored} fields={fields} refresh={refresh} />}
    >
      <Tabs
        label="Views of the template"
        tabs={[tab('editor', 'Editor'), tab('versions', 'Versions'), tab('use', 'How to send it')]}
        selected={view}
      />
      {view === 'versions' ? (
        <Versions template={stored} version={version} refresh={refresh} />
      ) : view === 'use' ? (
        <Usage template={stored} />
      ) : (
        <Editor fields={fields} />
      )}
    </Page>
  );
}

interface TemplateActionsProps {
  readonly stored: Template;
  readonly fields: TemplateFields;
  readonly refresh: () => Promise<void>;
}

function TemplateActions({ stored, fields, refresh }: TemplateActionsProps) {
  const { id, name, status, has_unpublished_versions } = stored;
  const save = async () => {
    checkForm(TEMPLATE_FORM);
    await api('PATCH', `/templates/${id}`, templateBody(fields, stored));
    fields.saved();
    await refresh();
  };
  const publish = async () => {
    if (fields.changed.value) await save();
    await api('POST', `/templates/${id}/publish`);
    await refresh();
    return `${name} is published.`;
  };
  const duplicate = async () => {
    const go = goToFromHere();
    const copy = await api<{ id: string }>('POST', `/templates/${id}/duplicate`);
    go(linkTo('templates', copy.id));
    return 'The copy is a draft.';
  };
  const remove = async () => {
    const go = goToFromHere();
    await api('DELETE', `/templates/${id}`);
    go(linkTo('templates'), { replace: true });
    return `${name} is deleted.`;
  };
  return (
    <>
      <Action
        label="Delete template"
        tone="dangerous"
        confirm="Requests that name it are refused from then on. Emails that were accepted with it are sent."
        run={remove}
      />
      <Action label="Duplicate" run={duplicate} />
      <TestAction fields={fields} />
      <Action label="Save" disabled={!fields.changed.value} run={save} />
      <Action
        label="Publish"
        tone="primary"
        disabled={!has_unpublished_versions && !fields.changed.value}
        confirm={
          status === 'published'
            ? 'Emails accepted from now on use this version. Those accepted before keep theirs.'
            : 'Emails can use it from now on.'
        }
        run={publish}
      />
    </>
  );
}
