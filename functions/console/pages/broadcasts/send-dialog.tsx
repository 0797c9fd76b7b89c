import { useSignal } from '@preact/signals';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import { FormDialog, Notice, notify, SendTime } from '../../parts/index.ts';
import { counted, fullTime } from '../../parts/values/formats.ts';
import type { Segment } from '../audience/answers.ts';
import type { Broadcast } from './answers.ts';

/** Names the recipients, asks for the time and sends a draft. */
export function SendDialog({
  broadcast,
  onSent,
  onClose,
}: {
  broadcast: Broadcast;
  onSent: () => unknown;
  onClose: () => void;
}) {
  const { id, segment_id, subject } = broadcast;
  const when = useSignal<'now' | 'later'>('now');
  const at = useSignal('');
  const { data } = usePoll<Segment>(segment_id ? `/segments/${segment_id}` : undefined);
  const recipients = segment_id ? data.value?.contact_count : broadcast.list?.total;
  const named = recipients === undefined ? '…' : counted(recipients, segment_id ? 'contact' : 'recipient');
  const to = segment_id ? `${named} of ${data.value?.name ?? 'the segment'}` : `${named} of its list`;
  const send = async () => {
    const later = when.value === 'later' ? { scheduled_at: new Date(at.value).toISOString() } : {};
    await api('POST', `/broadcasts/${id}/send`, later);
    notify(when.value === 'later' ? `Scheduled for ${fullTime(at.value)}.` : `It is being sent to ${to}.`);
    onSent();
  };
  const submit = when.value === 'later' ? `Schedule for ${named}` : `Send to ${named}`;
  return (
    <FormDialog title={`Send “${subject}”`} submit={submit} onSubmit={send} onClose={onClose}>
      <p>
        It goes to <strong>{to}</strong>. Who is unsubscribed, without the topic or on the suppression list is skipped.
      </p>
      {recipients === 0 && <Notice tone="warn">There is nobody to send it to.</Notice>}
      <fieldset class="choice">
        <legend>When</legend>
        {(['now', 'later'] as const).map((one) => (
          <label key={one} class="check">
            <input
              type="radio"
              name="when"
              checked={when.value === one}
              onInput={() => {
                when.value = one;
              }}
            />
            {one === 'now' ? 'Now' : 'At a time'}
          </label>
        ))}
      </fieldset>
      {when.value === 'later' && (
        <SendTime label="Time" value={at} hint="The members of the segment at that time get it." />
      )}
    </FormDialog>
  );
}
