import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, ownModule } from './build.ts';

/** The key in a function's metadata of the file with the tasks that it runs. */
export const TASKS_METADATA = 'Sendoff:Tasks';

/** The handlers that run tasks. */
export const taskHandlers = ['run-tasks', 'redis-run-tasks'] as const;
export type TaskHandler = (typeof taskHandlers)[number];
/** The name of the manifest, beside a function's index.mjs. */
export const MANIFEST = 'tasks.json';

/**
 * Writes the bundle of the user's file and our handler; answers the files that went into it, without those of installed packages.
 *
 * @throws TasksError with esbuild's messages if it does not build.
 */
export function writeTasksBundle(file: string, handler: TaskHandler, directory: string): readonly string[] {
  const entry = [
    `import * as own from ${JSON.stringify(file)};`,
    `import { createHandler } from ${JSON.stringify(ownModule(`functions/${handler}/handler`))};`,
    'export const handler = createHandler(own);',
  ];
  const { files, sources } = build(entry.join('\n'), file);
  for (const { name, bytes } of files) writeFileSync(join(directory, name), bytes);
  return sources;
}
