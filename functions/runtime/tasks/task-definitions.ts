import { isTaskDefinition, type TaskDefinition } from '../../core/run/definition/definition.ts';

/** A task, and the export of the user's file that it was found in. */
export interface ExportedTask {
  readonly exportName: string;
  readonly definition: TaskDefinition;
}

/**
 * The tasks of the user's file: every export, and element of an exported array, that is one.
 *
 * @throws TypeError if two tasks have one name, with the names of both exports.
 */
export function exportedTasks(file: Readonly<Record<string, unknown>>): readonly ExportedTask[] {
  const found = new Map<string, ExportedTask>();
  for (const [exportName, exported] of Object.entries(file))
    for (const value of Array.isArray(exported) ? exported : [exported]) {
      if (!isTaskDefinition(value)) continue;
      const first = found.get(value.name);
      if (first && first.definition !== value)
        throw new TypeError(
          `Two tasks are named ${value.name}: the exports \`${first.exportName}\` and \`${exportName}\`. Rename one of them`,
        );
      if (!first) found.set(value.name, { exportName, definition: value });
    }
  return [...found.values()];
}
