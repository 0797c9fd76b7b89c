import { api } from '../../../api/request.ts';
import { DialogAction, FormDialog, Input, notify, optionsOf, Select, useFields } from '../../../parts/index.ts';
import { useSegments } from '../choices.ts';

const EMPTY = { email: '', first_name: '', last_name: '', segment: '' };

/** The button that creates a contact; with `segment` in that segment. */
export function AddContact({ segment, onAdded }: { segment?: string; onAdded: () => unknown }) {
  return (
    <DialogAction label="Add contact" tone="primary">
      {(close) => <AddContactDialog segment={segment} onAdded={onAdded} onClose={close} />}
    </DialogAction>
  );
}

interface DialogProps {
  readonly segment: string | undefined;
  readonly onAdded: () => unknown;
  readonly onClose: () => void;
}

function AddContactDialog({ segment = '', onAdded, onClose }: DialogProps) {
  const { of } = useFields({ ...EMPTY, segment });
  const segments = useSegments();
  const add = async () => {
    const { email, first_name, last_name } = of;
    await api('POST', '/contacts', {
      email: email.value.trim(),
      ...(first_name.value ? { first_name: first_name.value } : {}),
      ...(last_name.value ? { last_name: last_name.value } : {}),
      ...(of.segment.value ? { segments: [{ id: of.segment.value }] } : {}),
    });
    notify(`${email.value.trim()} is a contact.`);
    await onAdded();
  };
  return (
    <FormDialog title="Add contact" submit="Add contact" onSubmit={add} onClose={onClose}>
      <Input
        label="Address"
        type="email"
        required
        autoFocus
        value={of.email}
        hint="A contact with it is changed, not doubled."
      />
      <Input label="First name" value={of.first_name} />
      <Input label="Last name" value={of.last_name} />
      <Select label="Segment" value={of.segment} options={optionsOf('None', segments.value)} />
    </FormDialog>
  );
}
