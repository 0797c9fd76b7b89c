import { useSignal } from '@preact/signals';
import { api } from '../../../api/request.ts';
import { fromLocal, toLocal } from '../../../parts/form/local-time.ts';
import { Action, DialogAction, FormDialog, notify, SendTime } from '../../../parts/index.ts';
import { goToFromHere, linkTo } from '../../../router.ts';
import type { EmailDetail } from '../answers.ts';

/** The actions that the status of an email allows. */
export function EmailActions({ email, refresh }: { email: EmailDetail; refresh: () => Promise<unknown> }) {
  const { id, last_event: status, to, cc, bcc } = email;
  const recipients = [...to, ...(cc ?? []), ...(bcc ?? [])];
  const hasContent = !('broadcast_id' in email) || email.html !== null || email.text !== null;
  const post = (what: string) => api<{ id: string }>('POST', `/emails/${id}/${what}`);
  const isUnsent = status === 'scheduled' || status === 'queued';
  return (
    <>
      {status === 'scheduled' && (
        <DialogAction label="Reschedule">
          {(close) => <Reschedule email={email} refresh={refresh} onClose={close} />}
        </DialogAction>
      )}
      {isUnsent && (
        <Action
          label="Cancel email"
          tone="dangerous"
          confirm="It will not be sent. An email that is canceled cannot be sent later, but it can be sent again as a copy."
          run={async () => {
            await post('cancel');
            await refresh();
            return 'The email is canceled.';
          }}
        />
      )}
      {status === 'failed' && (
        <Action
          label="Retry"
          tone="primary"
          run={async () => {
            await post('retry');
            await refresh();
            return 'The email is queued again.';
          }}
        />
      )}
      {!isUnsent && hasContent && (
        <Action
          label="Send again"
          confirm={`A copy is sent now to ${recipients.slice(0, 3).join(', ')}${recipients.length > 3 ? ` and ${recipients.length - 3} more` : ''}: same content, headers, tags and attachments.`}
          run={async () => {
            const go = goToFromHere();
            const copy = await post('send-again');
            go(linkTo('emails', copy.id));
            return 'The copy was accepted.';
          }}
        />
      )}
    </>
  );
}

interface RescheduleProps {
  readonly email: EmailDetail;
  readonly refresh: () => Promise<unknown>;
  readonly onClose: () => void;
}

function Reschedule({ email, refresh, onClose }: RescheduleProps) {
  const at = useSignal(toLocal(email.scheduled_at ?? undefined));
  const save = async () => {
    await api('PATCH', `/emails/${email.id}`, { scheduled_at: fromLocal(at.value) });
    await refresh();
    notify('The email has another time.');
  };
  return (
    <FormDialog title="Reschedule" submit="Reschedule" onSubmit={save} onClose={onClose}>
      <SendTime label="Send at" value={at} />
    </FormDialog>
  );
}
