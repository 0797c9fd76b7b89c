import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { api } from '../../api/request.ts';
import { mayAct } from '../../api/session.ts';
import { Action, Badge, checkForm, Page } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import { Duplicate, TestAction } from './actions.tsx';
import type { Broadcast } from './answers.ts';
import { changesFor, draftFields } from './draft-fields.ts';
import { DRAFT_FORM, DraftForm } from './draft-form.tsx';
import { SendDialog } from './send-dialog.tsx';

interface DraftProps {
  /** Absent: it does not exist yet. */
  readonly stored?: Broadcast;
  /** The segment and the template of a new one. */
  readonly given?: Readonly<Record<string, string>>;
  readonly refresh?: () => Promise<void>;
}

/** A draft in its editor. */
export function Draft({ stored, given = {}, refresh = async () => {} }: DraftProps) {
  const copies = useSignal(0);
  const fields = useMemo(() => draftFields(stored, given), [stored?.id, copies.value]);
  const sending = useSignal<Broadcast | undefined>(undefined);
  const save = async (): Promise<string> => {
    if (stored && !fields.changed.value) return stored.id;
    checkForm(DRAFT_FORM);
    const go = goToFromHere();
    const body = changesFor(fields, stored);
    const { id } = await (stored
      ? api<{ id: string }>('PATCH', `/broadcasts/${stored.id}`, body)
      : api<{ id: string }>('POST', '/broadcasts', body));
    const isCopied = fields.of.template.value !== '';
    fields.saved();
    await refresh();
    // The content of the template is in the draft now.
    if (isCopied) copies.value++;
    if (!stored) go(linkTo('broadcasts', id), { replace: true });
    return id;
  };
  const ask = async () => {
    const id = await save();
    sending.value = await api<Broadcast>('GET', `/broadcasts/${id}`);
  };
  const remove = async () => {
    const go = goToFromHere();
    await api('DELETE', `/broadcasts/${stored?.id}`);
    go(linkTo('broadcasts'));
    return 'The draft is deleted.';
  };
  return (
    <Page
      title={stored?.name ?? 'New broadcast'}
      parent={{ title: 'Broadcasts', href: linkTo('broadcasts') }}
      aside={
        <>
          <Badge status="draft" tone="calm" />
          {fields.changed.value && mayAct.value && <span class="faint">not saved</span>}
        </>
      }
      actions={
        <>
          {stored && (
            <Action label="Delete" tone="dangerous" confirm="The draft and its list are deleted." run={remove} />
          )}
          {stored && <Duplicate id={stored.id} />}
          <Action
            label="Save"
            {...(stored ? { disabled: !fields.changed.value } : { tone: 'primary' })}
            run={async () => void (await save())}
          />
          {/* Saving a new one leads to another page, which would close their dialogs. */}
          {stored && <TestAction id={stored.id} before={save} />}
          {stored && <Action label="Send…" tone="primary" run={ask} />}
        </>
      }
    >
      <DraftForm fields={fields} list={stored?.list ?? null} />
      {sending.value && (
        <SendDialog
          broadcast={sending.value}
          onSent={refresh}
          onClose={() => {
            sending.value = undefined;
          }}
        />
      )}
    </Page>
  );
}
