import type { BodyStore } from '../../ports/bodies.ts';
import type { StoredJson } from '../run.ts';
import { RunFault } from '../run-error.ts';
import { readText } from '../stored-json.ts';
import type { TaskDefinition } from './definition.ts';
import { explainIssues } from './standard-schema.ts';

/** The arguments as the task takes them, or why it does not. */
export type ParsedArguments = { readonly value: unknown } | { readonly refusal: string };

/**
 * Reads and parses the arguments of a run.
 *
 * @throws RunFault `args_expired` when their body is not there.
 */
export async function parseArguments(
  stored: StoredJson | undefined,
  { options }: Pick<TaskDefinition, 'options'>,
  bodies: Pick<BodyStore, 'get'>,
): Promise<ParsedArguments> {
  const text = stored && (await readText(stored, bodies));
  if (stored && text === undefined)
    throw new RunFault('args_expired', 'The arguments of the run are not stored any more.');
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  const checked = await options.args?.['~standard'].validate(value);
  if (checked?.issues) return { refusal: `The arguments do not fit the task: ${explainIssues(checked.issues)}` };
  return { value: checked ? checked.value : value };
}
