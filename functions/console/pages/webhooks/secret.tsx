import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { Action, Code, Dialog } from '../../parts/index.ts';

/** Shows a signing secret once, with a button to copy it. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="Signing secret" onClose={onClose}>
      <p>Give it to the receiver, which checks with it that an event is from this deployment.</p>
      <Code label="Signing secret" text={secret} />
    </Dialog>
  );
}

/** The button that replaces the secret of an endpoint, then shows the new one. */
export function RotateSecret({ id }: { id: string }) {
  const secret = useSignal<string | undefined>(undefined);
  const rotate = async () => {
    const path = `/webhooks/${encodeURIComponent(id)}/signing-secret/rotate`;
    secret.value = (await api<{ signing_secret: string }>('POST', path)).signing_secret;
  };
  return (
    <>
      <Action
        label="Rotate secret"
        run={rotate}
        confirm="The endpoint gets a new secret. The old one also signs for 24 hours, so that you can change the receiver meanwhile."
      />
      {secret.value && (
        <SecretDialog
          secret={secret.value}
          onClose={() => {
            secret.value = undefined;
          }}
        />
      )}
    </>
  );
}
