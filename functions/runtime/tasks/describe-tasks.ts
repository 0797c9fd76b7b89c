import type { TaskDescription, TaskManifest } from '../../core/run/definition/manifest.ts';
import { type ExportedTask, exportedTasks } from './task-definitions.ts';

/** The user's zod, whose version 4 describes a schema that does not describe itself. */
export interface SchemaWriter {
  toJSONSchema?(schema: unknown, options: { readonly io: 'input' }): unknown;
}

/**
 * The manifest of the tasks that the user's file exports. It is called at synth, in a process of its own (lib/tasks/describe.ts).
 *
 * @throws TypeError that names the exports, if the file exports no task, or two with one name.
 */
export function describeTasks(file: Readonly<Record<string, unknown>>, zod: SchemaWriter = {}): TaskManifest {
  const tasks = exportedTasks(file);
  if (tasks.length === 0) {
    const names = Object.keys(file);
    const exports = names.length > 0 ? `Its exports: ${names.join(', ')}` : 'It exports nothing';
    throw new TypeError(`The file exports no task: \`export const name = task(…)\`. ${exports}`);
  }
  return { tasks: tasks.map((exported) => describe(exported, zod)) };
}

function describe({ definition }: ExportedTask, zod: SchemaWriter): TaskDescription {
  const { description, options } = definition;
  const args = options.args === undefined ? undefined : jsonSchema(options.args, zod);
  return args === undefined ? description : { ...description, args };
}

/** The JSON Schema of what a caller gives; undefined if the validator has none, or not for this schema. */
function jsonSchema(schema: unknown, zod: SchemaWriter): TaskDescription['args'] {
  const { '~standard': standard } = schema as { '~standard'?: { vendor?: string; jsonSchema?: StandardJsonSchema } };
  const ways = [
    () => standard?.jsonSchema?.input({ target: 'draft-2020-12' }),
    () => (standard?.vendor === 'zod' ? zod.toJSONSchema?.(schema, { io: 'input' }) : undefined),
  ];
  for (const way of ways) {
    try {
      const found = way();
      if (typeof found === 'object' && found !== null) return found as NonNullable<TaskDescription['args']>;
    } catch {
      // A schema with a date or a transformation has no JSON Schema: its arguments are checked when the task runs.
    }
  }
  return undefined;
}

/** https://standardschema.dev/json-schema */
interface StandardJsonSchema {
  input(options: { readonly target: string }): unknown;
}
