import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import {
  Action,
  Answer,
  Badge,
  Code,
  Duration,
  EmptyState,
  Id,
  KeyValue,
  Notice,
  Page,
  Progress,
  Section,
  When,
} from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import { isMoving, isRetryable, type RunDetail, type Task } from './answers.ts';
import { RunNow } from './run-now.tsx';
import { tookMs } from './run-table.tsx';
import { Steps, Timeline } from './run-timeline.tsx';

/** A run: how far it is, what it got and answered, and what happened to it. */
export function RunPage({ id }: { id: string }) {
  const poll = usePoll<RunDetail>(`/runs/${encodeURIComponent(id)}`, { while: isMoving });
  const run = poll.data.value;
  return (
    <Page
      title={run?.task ?? 'Run'}
      parent={{ title: 'Runs', href: linkTo('tasks', 'runs') }}
      aside={
        run && (
          <>
            <Badge status={run.status} />
            <Id value={id} />
          </>
        )
      }
      actions={run && <RunActions run={run} onChange={poll.refresh} />}
    >
      <Answer
        poll={poll}
        missing={
          <EmptyState title="There is no run with this id">
            <p>Runs are kept for the days that their task says.</p>
          </EmptyState>
        }
      >
        {(known) => <Details run={known} />}
      </Answer>
    </Page>
  );
}

function RunActions({ run, onChange }: { run: RunDetail; onChange: () => Promise<void> }) {
  const task = usePoll<Task>(`/tasks/${encodeURIComponent(run.task)}`, { everyMs: 120_000 }).data.value;
  const change = async (move: 'retry' | 'cancel') => {
    await api('POST', `/runs/${run.id}/${move}`);
    await onChange();
  };
  return (
    <>
      {task && <RunNow task={task} args={run.args} label="Run again…" tone="quiet" />}
      {isRetryable(run) && <Action label="Retry" tone="primary" run={() => change('retry')} />}
      {isMoving(run) && (
        <Action
          label="Cancel run"
          tone="dangerous"
          confirm={
            run.status === 'running'
              ? 'Its signal is aborted; what it has done already stays done.'
              : 'It will not run. It can be retried later.'
          }
          run={() => change('cancel')}
        />
      )}
    </>
  );
}

function Details({ run }: { run: RunDetail }) {
  return (
    <>
      {run.progress && <Progress label="Progress" value={run.progress.done} total={run.progress.total} />}
      {run.error && <Failure error={run.error} />}
      <div class="run-columns">
        <Facts run={run} />
        <Section title="Timeline">
          <Timeline events={run.events} />
        </Section>
      </div>
      <Section title="Arguments">
        {run.truncated?.includes('args') ? (
          <p class="faint">They are too large to be shown beside the result.</p>
        ) : (
          <Value label="Arguments" value={run.args} />
        )}
      </Section>
      {run.status === 'succeeded' && (
        <Section title="Result">
          <Value label="Result" value={run.result} />
        </Section>
      )}
      {run.steps.length > 0 && (
        <Section title="Steps">
          <Steps steps={run.steps} />
        </Section>
      )}
    </>
  );
}

const Facts = ({ run }: { run: RunDetail }) => (
  <KeyValue
    list={[
      ['Task', <a href={linkTo('tasks', run.task)}>{run.task}</a>],
      ['Attempts', run.attempts],
      ['Took', <Duration ms={tookMs(run)} />],
      ['Created', <When iso={run.created_at} />],
      ['Due', run.due_at && <When iso={run.due_at} />],
      ['Expires', run.expires_at && run.status === 'queued' && <When iso={run.expires_at} />],
      ['Started', run.started_at && <When iso={run.started_at} />],
      ['Finished', run.finished_at && <When iso={run.finished_at} />],
      ['Queue', run.priority],
      ['Tick', run.tick_at && <When iso={run.tick_at} absolute />],
      ['Group', run.group && <a href={linkTo('tasks', 'groups', run.group.id)}>member {run.group.member + 1}</a>],
    ]}
  />
);

const Failure = ({ error: { code, message, stack } }: { error: NonNullable<RunDetail['error']> }) => (
  <Notice tone="bad">
    <p>
      {code !== 'error' && <strong>{code.replaceAll('_', ' ')}: </strong>}
      {message}
    </p>
    {stack && <Code label="Stack" text={stack} />}
  </Notice>
);

const Value = ({ label, value }: { label: string; value: unknown }) =>
  value === null ? <p class="faint">None</p> : <Code label={label} text={JSON.stringify(value, null, 2)} />;
