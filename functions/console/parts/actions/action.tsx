import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { mayAct } from '../../api/session.ts';
import { notify } from '../page/notice.tsx';
import { FormDialog } from './dialog.tsx';

interface ActionProps {
  /** A verb and what it does it to: `Cancel email`. */
  readonly label: ComponentChildren;
  /** Does the work. A returned text is shown as a notice; an ApiError too. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most actions return nothing
  readonly run: () => Promise<string | void> | string | void;
  /** A sentence on what will happen; the viewer is asked before `run`. */
  readonly confirm?: ComponentChildren;
  /** `dangerous` if it cannot be undone; `link` looks like text, where it opens something. */
  readonly tone?: 'primary' | 'dangerous' | 'quiet' | 'link';
  readonly disabled?: boolean;
  /** Shown to sessions that may only read as well: for actions that change nothing. */
  readonly reading?: boolean;
  /** The name for screen readers, if the label is an icon. */
  readonly name?: string;
}

/** A button that does something: absent with a key that may only read, busy while it works, and it says what failed. */
export function Action({ label, run, confirm, tone, disabled, reading = false, name }: ActionProps) {
  const busy = useSignal(false);
  const asking = useSignal(false);
  if (!reading && !mayAct.value) return null;
  const work = async () => {
    const text = await run();
    if (typeof text === 'string') notify(text);
  };
  const click = async () => {
    if (busy.value) return;
    if (confirm !== undefined) {
      asking.value = true;
      return;
    }
    busy.value = true;
    try {
      await work();
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), 'bad');
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <button type="button" class={tone} disabled={disabled} aria-busy={busy.value} aria-label={name} onClick={click}>
        {label}
      </button>
      {asking.value && (
        <FormDialog
          title={name ?? (typeof label === 'string' ? `${label}?` : 'Are you sure?')}
          submit={typeof label === 'string' ? label : 'Yes'}
          dangerous={tone === 'dangerous'}
          onSubmit={work}
          onClose={() => {
            asking.value = false;
          }}
        >
          <p>{confirm}</p>
        </FormDialog>
      )}
    </>
  );
}

interface DialogActionProps extends Omit<ActionProps, 'run' | 'confirm'> {
  /** The dialog; it calls `close` when it is closed. */
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that opens a dialog. */
export function DialogAction({ children, ...action }: DialogActionProps) {
  const open = useSignal(false);
  const set = (value: boolean) => () => {
    open.value = value;
  };
  return (
    <>
      <Action {...action} run={set(true)} />
      {open.value && children(set(false))}
    </>
  );
}

interface ActionLinkProps extends Pick<ActionProps, 'label'> {
  readonly tone?: 'primary';
  /** The page on which it is done. */
  readonly href: string;
}

/** A link that looks like a button, to a page that changes something: absent with a key that may only read. */
export function ActionLink({ label, tone, href }: ActionLinkProps) {
  if (!mayAct.value) return null;
  return (
    <a class={tone ? `button ${tone}` : 'button'} href={href}>
      {label}
    </a>
  );
}
