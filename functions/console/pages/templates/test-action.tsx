import { signal, useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { addressesIn } from '../../parts/form/addresses.ts';
import { DialogAction, FormDialog, Input, notify } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import { filled, type TemplateFields } from './template-fields.ts';

/** The address of the test before, while the console is open. */
const to = signal('');

/** Sends what is in the editor, with the values of the preview, as an email; the template need not be saved or published. */
export function TestAction({ fields }: { fields: TemplateFields }) {
  return <DialogAction label="Test send">{(close) => <TestDialog fields={fields} onClose={close} />}</DialogAction>;
}

function TestDialog({ fields, onClose }: { fields: TemplateFields; onClose: () => void }) {
  const from = useSignal(fields.text.of.from.value);
  const { subject, html, text } = filled(fields);
  const send = async () => {
    const go = goToFromHere();
    const { id } = await api<{ id: string }>('POST', '/emails', {
      from: from.value,
      to: addressesIn(to.value),
      subject: `[Test] ${subject}`,
      html,
      ...(text === '' ? {} : { text }),
    });
    notify('The test is on the way.');
    go(linkTo('emails', id));
  };
  return (
    <FormDialog title={`Test “${subject || 'no subject'}”`} submit="Send test" onSubmit={send} onClose={onClose}>
      <Input label="From" required value={from} placeholder="Shop <shop@example.com>" />
      <Input
        label="To"
        required
        autoFocus
        value={to}
        placeholder="you@example.com"
        hint="It is sent as it is in the editor, with the values of the preview."
      />
    </FormDialog>
  );
}
