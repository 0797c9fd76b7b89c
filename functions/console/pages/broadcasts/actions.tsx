import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { mayAct } from '../../api/session.ts';
import { Action } from '../../parts/index.ts';
import { count } from '../../parts/values/formats.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import { type Broadcast, doneOf } from './answers.ts';
import { TestDialog } from './test-dialog.tsx';

/** The actions on a broadcast that is no draft. */
export function Actions({ broadcast, refresh }: { broadcast: Broadcast; refresh: () => Promise<void> }) {
  const { id, status, progress } = broadcast;
  const move = (name: string, said: string) => async () => {
    await api('POST', `/broadcasts/${id}/${name}`);
    await refresh();
    return said;
  };
  const done = count(doneOf(progress));
  return (
    <>
      {status === 'queued' && <Action label="Pause" run={move('pause', 'It stops within seconds.')} />}
      {status === 'paused' && <Action label="Resume" tone="primary" run={move('resume', 'It goes on.')} />}
      {(status === 'queued' || status === 'paused') && (
        <Action
          label="Cancel sending"
          tone="dangerous"
          confirm={`${done} of ${count(progress.total)} recipients are done, and stay so. The others do not get it, and it cannot be resumed.`}
          run={move('cancel', 'Canceled.')}
        />
      )}
      {status === 'scheduled' && <Action label="Unschedule" run={move('cancel', 'It is a draft again.')} />}
      <TestAction id={id} />
      <Duplicate id={id} />
    </>
  );
}

/** Copies a broadcast and opens the copy. */
export function Duplicate({ id }: { id: string }) {
  const duplicate = async () => {
    const go = goToFromHere();
    const copy = await api<{ id: string }>('POST', `/broadcasts/${id}/duplicate`);
    go(linkTo('broadcasts', copy.id));
    return 'The copy is a draft.';
  };
  return <Action label="Duplicate" run={duplicate} />;
}

/** Sends it to a few addresses; `before` saves what is not saved yet, and answers the id. */
export function TestAction({ id, before }: { id: string; before?: () => Promise<string> }) {
  const asking = useSignal<string | undefined>(undefined);
  if (!mayAct.value) return null;
  const open = async () => {
    asking.value = (await before?.()) ?? id;
  };
  return (
    <>
      <Action label="Test send" run={open} />
      {asking.value !== undefined && (
        <TestDialog
          path={`/broadcasts/${asking.value}/test`}
          onClose={() => {
            asking.value = undefined;
          }}
        />
      )}
    </>
  );
}
