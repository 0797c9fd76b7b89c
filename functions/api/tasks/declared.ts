import { SendoffError } from '../../core/errors.ts';
import type { TaskDescription } from '../../core/run/definition/manifest.ts';
import { nearest } from '../../core/validate.ts';
import type { UserTasks } from './user-tasks.ts';

/** Names that an error lists. */
const LISTED_NAMES = 10;

/** The tasks of the deployment; 404 where there are none. */
export function declaredTasks({ manifest }: UserTasks): readonly TaskDescription[] {
  const declared = manifest();
  if (declared) return declared.tasks;
  throw new SendoffError(
    'not_found',
    404,
    "This deployment has no tasks. To declare tasks, write them in a file and name it: new Sendoff(stack, 'Mail', { tasks: './tasks.ts' }).",
  );
}

/** The task with this name; 404 naming the nearest one. */
export function findTask(tasks: UserTasks, name: string): TaskDescription {
  const all = declaredTasks(tasks);
  const found = all.find((task) => task.name === name);
  if (!found) throw unknownTask(name, all);
  return found;
}

/** The 404 for a name that no task has. */
export function unknownTask(name: string, tasks: readonly TaskDescription[]): SendoffError {
  const names = tasks.map((task) => task.name);
  const meant = nearest(name, names);
  const more = names.length > LISTED_NAMES ? ', …' : '';
  const hint = meant ? `Did you mean \`${meant}\`?` : `Tasks: ${names.slice(0, LISTED_NAMES).join(', ')}${more}.`;
  return new SendoffError('not_found', 404, `Task \`${name.slice(0, 100)}\` not found. ${hint}`);
}
