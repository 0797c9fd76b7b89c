import { usePages } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { Answer, Badge, Count, EmptyState, KeyValue, Page, Progress, Section, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import { type Group, isMoving, type Run } from './answers.ts';
import { RunTable } from './run-table.tsx';

/** A group of runs: its counts and its members. */
export function GroupPage({ id }: { id: string }) {
  const poll = usePoll<Group>(`/run-groups/${encodeURIComponent(id)}`, {
    while: (group) => group.finished_at === null,
  });
  const members = usePages<Run>(`/runs?group=${encodeURIComponent(id)}`, { while: ({ data }) => data.some(isMoving) });
  const group = poll.data.value;
  return (
    <Page
      title={`Group ${id.slice(0, 8)}`}
      parent={{ title: 'Runs', href: linkTo('tasks', 'runs') }}
      aside={group && <Badge status={stateOf(group)} />}
    >
      <Answer poll={poll} missing={<EmptyState title="There is no group with this id" />}>
        {(known) => (
          <>
            <Counts group={known} />
            <Section title="Members">
              <RunTable runs={members} unit="member" />
            </Section>
          </>
        )}
      </Answer>
    </Page>
  );
}

const stateOf = ({ closed, finished_at }: Group): string =>
  finished_at !== null ? 'completed' : closed ? 'running' : 'accepting';

const Counts = ({ group }: { group: Group }) => (
  <>
    <Progress label="Members that have ended" value={group.succeeded + group.failed} total={group.total} />
    <KeyValue
      list={[
        ['Succeeded', <Count key="succeeded" value={group.succeeded} unit="run" />],
        ['Failed', <Count key="failed" value={group.failed} unit="run" />],
        ['Created', <When key="created" iso={group.created_at} />],
        ['Finished', group.finished_at && <When iso={group.finished_at} />],
        ['Then', group.then && <a href={linkTo('tasks', 'runs', group.then.run_id)}>{group.then.task}</a>],
      ]}
    />
  </>
);
