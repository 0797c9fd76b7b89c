import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { Code, Dialog, DialogAction, FormDialog, Input, optionsOf, Select } from '../../parts/index.ts';
import type { Domain } from './answers.ts';

interface CreateKeyProps {
  readonly domains: readonly Domain[];
  readonly onCreated: () => Promise<void>;
}

/** The button that opens the form for a key, then shows its token once. */
export function CreateKey({ domains, onCreated }: CreateKeyProps) {
  const token = useSignal<string | undefined>(undefined);
  return (
    <>
      <DialogAction label="Create key" tone="primary">
        {(close) => (
          <KeyForm
            domains={domains}
            onClose={close}
            onCreated={(made) => {
              token.value = made;
              void onCreated();
            }}
          />
        )}
      </DialogAction>
      {token.value && (
        <Dialog
          title="The new key"
          onClose={() => {
            token.value = undefined;
          }}
        >
          <p>Copy it now: it is not stored, and is not shown again.</p>
          <Code label="Token of the new key" text={token.value} />
        </Dialog>
      )}
    </>
  );
}

interface KeyFormProps {
  readonly domains: readonly Domain[];
  readonly onClose: () => void;
  readonly onCreated: (token: string) => void;
}

function KeyForm({ domains, onClose, onCreated }: KeyFormProps) {
  const name = useSignal('');
  const permission = useSignal('sending_access');
  const domain = useSignal('');
  const create = async () => {
    const confined = permission.value === 'sending_access' && domain.value !== '';
    const { token } = await api<{ token: string }>('POST', '/api-keys', {
      name: name.value.trim(),
      permission: permission.value,
      ...(confined ? { domain_id: domain.value } : {}),
    });
    onCreated(token);
  };
  return (
    <FormDialog title="Create an API key" submit="Create" onSubmit={create} onClose={onClose}>
      <Input label="Name" value={name} required autoFocus maxLength={50} placeholder="Shop" hint="Who uses it" />
      <Select
        label="Permission"
        value={permission}
        options={[
          ['sending_access', 'Sending: may send emails, nothing else'],
          ['read_access', 'Reading: may see everything, change nothing'],
          ['full_access', 'Full: may do everything'],
        ]}
      />
      {permission.value === 'sending_access' && (
        <Select label="Senders" value={domain} options={optionsOf('Any domain', domains)} />
      )}
    </FormDialog>
  );
}
