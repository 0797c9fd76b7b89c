import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { session } from '../../api/session.ts';
import { Action, DialogAction, FormDialog, Input } from '../../parts/index.ts';
import type { ApiKey } from './answers.ts';

/** Rename and revoke. */
export function KeyActions({ apiKey, onChange }: { apiKey: ApiKey; onChange: () => Promise<void> }) {
  const own = session.value?.key_id === apiKey.id;
  const revoke = async () => {
    await api('DELETE', `/api-keys/${apiKey.id}`);
    if (own) return location.reload();
    await onChange();
  };
  return (
    <div class="actions">
      <DialogAction label="Rename" name={`Rename ${apiKey.name}`} tone="quiet">
        {(close) => <RenameForm apiKey={apiKey} onRenamed={onChange} onClose={close} />}
      </DialogAction>
      <Action
        label="Revoke"
        name={`Revoke ${apiKey.name}`}
        tone="quiet"
        confirm={`Requests with this key are refused from now on, and its sessions end.${own ? ' You are signed in with it: you are signed out.' : ''}`}
        run={revoke}
      />
    </div>
  );
}

interface RenameFormProps {
  readonly apiKey: ApiKey;
  readonly onRenamed: () => Promise<void>;
  readonly onClose: () => void;
}

function RenameForm({ apiKey, onRenamed, onClose }: RenameFormProps) {
  const name = useSignal(apiKey.name);
  const rename = async () => {
    await api('PATCH', `/api-keys/${apiKey.id}`, { name: name.value.trim() });
    await onRenamed();
  };
  return (
    <FormDialog title="Rename the key" submit="Rename" onSubmit={rename} onClose={onClose}>
      <Input label="Name" value={name} required autoFocus maxLength={50} />
    </FormDialog>
  );
}
