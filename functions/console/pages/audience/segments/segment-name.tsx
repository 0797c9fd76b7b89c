import { useSignal } from '@preact/signals';
import { DialogAction, FormDialog, Input } from '../../../parts/index.ts';

interface NameActionProps {
  readonly label: string;
  readonly tone?: 'primary';
  readonly name?: string;
  readonly save: (name: string) => Promise<unknown>;
}

/** A button that asks for the name of a segment. */
export function NameAction({ label, tone, name = '', save }: NameActionProps) {
  return (
    <DialogAction label={label} tone={tone}>
      {(close) => <NameDialog title={label} name={name} save={save} onClose={close} />}
    </DialogAction>
  );
}

interface NameDialogProps extends Required<Pick<NameActionProps, 'name' | 'save'>> {
  readonly title: string;
  readonly onClose: () => void;
}

function NameDialog({ title, name, save, onClose }: NameDialogProps) {
  const typed = useSignal(name);
  return (
    <FormDialog title={title} submit="Save" onSubmit={() => save(typed.value.trim())} onClose={onClose}>
      <Input label="Name" required autoFocus maxLength={200} value={typed} />
    </FormDialog>
  );
}
