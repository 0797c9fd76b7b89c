import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { addressesIn } from '../../parts/form/addresses.ts';
import { DialogAction, FormDialog, notify, TextArea } from '../../parts/index.ts';

/** `POST /suppressions/batch/add` takes so many addresses. */
const BATCH = 100;

/** The button that opens the form for addresses to suppress. */
export function AddSuppressions({ onChange }: { onChange: () => Promise<void> }) {
  const text = useSignal('');
  const add = async () => {
    const emails = [...new Set(addressesIn(text.value))];
    if (emails.length === 0) throw new Error('Give at least one address.');
    for (let from = 0; from < emails.length; from += BATCH)
      await api('POST', '/suppressions/batch/add', { emails: emails.slice(from, from + BATCH) });
    notify(emails.length === 1 ? `${emails[0]} gets no more mail.` : `${emails.length} addresses get no more mail.`);
    text.value = '';
    await onChange();
  };
  return (
    <DialogAction label="Add addresses" tone="primary">
      {(close) => (
        <FormDialog title="Suppress addresses" submit="Suppress" onSubmit={add} onClose={close}>
          <TextArea
            label="Addresses"
            value={text}
            code
            placeholder={'someone@example.com\nanother@example.com'}
            hint="One a line, or separated by commas. They get no more mail from any sender."
          />
        </FormDialog>
      )}
    </DialogAction>
  );
}
