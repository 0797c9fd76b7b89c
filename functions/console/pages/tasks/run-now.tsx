import { useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { DialogAction, FormDialog, Input, Select, TextArea } from '../../parts/index.ts';
import { goToFromHere, linkTo } from '../../router.ts';
import type { Task } from './answers.ts';
import { exampleArgs } from './example-args.ts';

interface RunNowProps {
  readonly task: Task;
  readonly tone?: 'primary' | 'quiet';
  /** The arguments to begin with; an example made from the task's schema if absent. */
  readonly args?: unknown;
  readonly label?: string;
}

/** The button that opens the form for a run of a task. */
export function RunNow({ task, tone = 'primary', args, label = 'Run now' }: RunNowProps) {
  return (
    <DialogAction label={label} name={`${label}: ${task.name}`} tone={tone}>
      {(close) => <RunForm task={task} args={args} onClose={close} />}
    </DialogAction>
  );
}

function RunForm({ task, args, onClose }: { task: Task; args: unknown; onClose: () => void }) {
  const text = useSignal(JSON.stringify(args ?? exampleArgs(task.args), null, 2));
  const wait = useSignal('');
  const priority = useSignal('');
  const submit = async () => {
    const go = goToFromHere();
    const made = await api<{ id: string }>('POST', `/tasks/${task.name}`, {
      ...(text.value.trim() === '' ? {} : { args: parsed(text.value) }),
      ...(wait.value.trim() === '' ? {} : { in: wait.value.trim() }),
      ...(priority.value === '' ? {} : { priority: priority.value }),
    });
    go(task.keep ? linkTo('tasks', 'runs', made.id) : linkTo('tasks', task.name));
  };
  return (
    <FormDialog title={`Run ${task.name}`} submit="Run" onSubmit={submit} onClose={onClose}>
      <TextArea
        label="Arguments"
        value={text}
        code
        rows={8}
        hint={task.args ? 'JSON; checked by the task’s schema before it runs' : 'JSON; the task checks it when it runs'}
      />
      <div class="fields">
        <Input label="In" value={wait} placeholder="now" hint="Seconds, or a span such as 10 minutes" />
        <Select
          label="Queue"
          value={priority}
          options={[
            ['', `${task.priority} (its own)`],
            ...(['transactional', 'bulk'] as const)
              .filter((one) => one !== task.priority)
              .map((one) => [one, one] as const),
          ]}
        />
      </div>
    </FormDialog>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The arguments are not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
}
