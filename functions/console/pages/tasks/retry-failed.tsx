import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { Action, Count, FormDialog, notify } from '../../parts/index.ts';

interface Retried {
  readonly retried: number;
  readonly next?: string;
}

/** Retries all failed runs of a task; a call of the API retries some, so it is repeated until none is left. */
export function RetryFailed({ task }: { task: string }) {
  const open = useSignal(false);
  const total = useSignal(0);
  const close = () => {
    open.value = false;
  };
  const retryAll = async () => {
    let after: string | undefined;
    do {
      const { retried, next }: Retried = await api('POST', '/runs/retry', { task, ...(after ? { after } : {}) });
      total.value += retried;
      after = next;
    } while (after !== undefined && open.value);
    notify(total.value === 0 ? 'No run of this task has failed.' : `Retried: ${total.value}.`);
  };
  return (
    <>
      <Action
        label="Retry all failed"
        run={() => {
          total.value = 0;
          open.value = true;
        }}
      />
      {open.value && (
        <FormDialog title={`Retry all failed runs of ${task}?`} submit="Retry" onSubmit={retryAll} onClose={close}>
          <p>Each run begins again with its first attempt; the results of its steps are kept.</p>
          {total.value > 0 && (
            <p role="status">
              <Count value={total.value} unit="run" /> retried so far. Closing this stops after the current step.
            </p>
          )}
        </FormDialog>
      )}
    </>
  );
}
