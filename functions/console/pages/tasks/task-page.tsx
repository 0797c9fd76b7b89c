import { usePoll } from '../../api/poll.ts';
import { Answer, Badge, Code, KeyValue, Page, Section, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Task } from './answers.ts';
import { RetryFailed } from './retry-failed.tsx';
import { RunList } from './run-list.tsx';
import { RunNow } from './run-now.tsx';
import { inSeconds, rateText, retryText, scheduleText } from './wording.ts';

/** A task: its limits, its schema and its runs. */
export function TaskPage({ name, query }: { name: string; query: Readonly<Record<string, string>> }) {
  const poll = usePoll<Task>(`/tasks/${encodeURIComponent(name)}`, { everyMs: 60_000 });
  const task = poll.data.value;
  return (
    <Page
      title={name}
      parent={{ title: 'Tasks', href: linkTo('tasks') }}
      aside={task && <Badge status={task.priority} />}
      actions={
        task && (
          <>
            {task.keep && <RetryFailed task={name} />}
            <RunNow task={task} />
          </>
        )
      }
    >
      <Answer poll={poll} missing={<p class="faint">The deployment no longer declares this task.</p>}>
        {(known) => <Declaration task={known} />}
      </Answer>
      {(task || poll.error.value) && (
        <Section title="Runs">
          {task?.keep === false ? (
            <p class="faint">This task keeps nothing of its runs.</p>
          ) : (
            <RunList task={name} query={query} />
          )}
        </Section>
      )}
    </Page>
  );
}

const Declaration = ({ task }: { task: Task }) => (
  <>
    <Limits task={task} />
    {task.args && (
      <details>
        <summary>Schema of the arguments</summary>
        <Code label="Schema of the arguments" text={task.args} />
      </details>
    )}
  </>
);

const Limits = ({ task }: { task: Task }) => (
  <KeyValue
    list={[
      ['Rate', rateText(task.rate_limit) ?? 'not limited'],
      ['At once', task.concurrency ?? 'not limited'],
      ['Time-out', `${inSeconds(task.timeout_seconds)} an attempt`],
      ['Retries', retryText(task.retry)],
      ['Kept', task.keep ? `${task.keep_days} d after the end` : 'no'],
      ['Clock', task.schedule ? <a href={linkTo('tasks', 'clocks')}>{scheduleText(task.schedule)}</a> : undefined],
      ['Next run', task.next_run_at ? <When iso={task.next_run_at} /> : undefined],
    ]}
  />
);
