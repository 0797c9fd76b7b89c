import { signal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { addressesIn } from '../../parts/form/addresses.ts';
import { FormDialog, Input, notify } from '../../parts/index.ts';
import { counted } from '../../parts/values/formats.ts';

/** The addresses of the test before, while the console is open. */
const addresses = signal('');

/** Asks for up to 5 addresses and sends a test of a broadcast to them. */
export function TestDialog({ path, onClose }: { path: string; onClose: () => void }) {
  const send = async () => {
    const to = addressesIn(addresses.value);
    const { emails } = await api<{ emails: readonly { id: string }[] }>('POST', path, { to });
    notify(`${counted(emails.length, 'test email')} on the way.`);
  };
  return (
    <FormDialog title="Test send" submit="Send test" onSubmit={send} onClose={onClose}>
      <Input
        label="To"
        required
        autoFocus
        value={addresses}
        placeholder="you@example.com"
        hint="Up to 5 addresses, with commas between them. The subject begins with [Test]; values of contacts are inserted."
      />
    </FormDialog>
  );
}
