import './tasks.css';
import { Page, Tabs } from '../../parts/index.ts';
import { linkTo, type Route } from '../../router.ts';
import { ClockList } from './clock-list.tsx';
import { GroupPage } from './group-page.tsx';
import { RunList } from './run-list.tsx';
import { RunPage } from './run-page.tsx';
import { TaskList } from './task-list.tsx';
import { TaskPage } from './task-page.tsx';

/** Tasks: their runs and clocks. Names of tasks have a dot, so none is `runs`, `clocks` or `groups`. */
export function Tasks({ path: [part, id], query }: Route) {
  if (part === 'runs' && id !== undefined) return <RunPage key={id} id={id} />;
  if (part === 'groups' && id !== undefined) return <GroupPage key={id} id={id} />;
  if (part !== undefined && part !== 'runs' && part !== 'clocks')
    return <TaskPage key={part} name={part} query={query} />;
  return (
    <Page title="Tasks">
      <Tabs
        label="Tasks"
        selected={part ?? 'tasks'}
        tabs={[
          { id: 'tasks', title: 'Tasks', href: linkTo('tasks') },
          { id: 'runs', title: 'Runs', href: linkTo('tasks', 'runs') },
          { id: 'clocks', title: 'Clocks', href: linkTo('tasks', 'clocks') },
        ]}
      />
      {part === undefined && <TaskList />}
      {part === 'runs' && <RunList query={query} />}
      {part === 'clocks' && <ClockList />}
    </Page>
  );
}
