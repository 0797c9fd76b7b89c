import { useSignal } from '@preact/signals';
import { type ComponentChildren, createRef } from 'preact';
import { useEffect, useId, useMemo } from 'preact/hooks';
import type { ApiError } from '../../api/request.ts';
import { ErrorNotice } from '../page/notice.tsx';

interface DialogProps {
  readonly title: string;
  /** Called when the viewer closes it (Escape, the cross); the owner then leaves it out. */
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
  /** Wider than a form needs: for editors and previews. */
  readonly wide?: boolean;
}

/** A modal dialog: keeps the focus inside and gives it back when it closes. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const ref = useMemo(() => createRef<HTMLDialogElement>(), []);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      // A dialog that the browser closed (Escape) has given the focus back already; by now the viewer may have moved it.
      if (dialog?.open && before instanceof HTMLElement) before.focus();
    };
  }, [ref]);
  return (
    <dialog ref={ref} class={wide ? 'wide' : undefined} aria-labelledby={heading} onClose={onClose}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={() => ref.current?.close()}>
          ×
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface FormDialogProps extends DialogProps {
  /** The label of the button that submits: `Create key`. */
  readonly submit: string;
  readonly dangerous?: boolean;
  /** Does the work; the dialog shows its ApiError and stays open, or closes after it. */
  readonly onSubmit: () => Promise<unknown>;
}

/** A form in a dialog: submit button, busy state and the error of the API. */
export function FormDialog({ submit, dangerous = false, onSubmit, children, ...dialog }: FormDialogProps) {
  const busy = useSignal(false);
  const error = useSignal<ApiError | undefined>(undefined);
  const run = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = undefined;
    try {
      await onSubmit();
      dialog.onClose();
    } catch (failure) {
      error.value = failure as ApiError;
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog {...dialog}>
      <form onSubmit={run}>
        {children}
        {error.value && <ErrorNotice error={error.value} />}
        <footer class="actions">
          {/* Not "Cancel": that is what some forms do. */}
          <button type="button" onClick={dialog.onClose}>
            Back
          </button>
          <button type="submit" class={dangerous ? 'dangerous' : 'primary'} disabled={busy.value}>
            {busy.value ? 'Working…' : submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
