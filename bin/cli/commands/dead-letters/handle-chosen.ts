import type { Choice, ChosenVisit, VisitOptions } from '../../../../functions/core/inspection/dead-letters.ts';
import type { DeadLetters } from '../../../../functions/core/ports/inspection.ts';
import type { Context } from '../../context.ts';
import { CliError, exitCodes, notFoundError, usageError } from '../../errors.ts';
import { count } from '../../layout.ts';

/** Refuses a choice that names nothing, or both. */
export function checkChoice({ ids, all }: Choice): void {
  if (ids.length === 0 && !all)
    throw usageError('Say which: job ids as `sendoff dead-letters list` shows them, or --all.');
  if (ids.length > 0 && all) throw usageError('Give job ids or --all, not both.');
}

/** Handles the chosen jobs, shows how far it is, and fails when it was stopped or did not find all of them. */
export async function handleChosen<Result extends ChosenVisit>(
  { terminal }: Context,
  deadLetters: DeadLetters,
  verb: string,
  handle: (options: VisitOptions) => Promise<Result>,
): Promise<Result> {
  const total = await deadLetters.count();
  const signal = terminal.interruption();
  const onProgress = (visited: number) =>
    terminal.progress(`${verb} … ${visited} of about ${Math.max(total, visited)}`);
  const result = await handle({ signal, onProgress });
  const { taken, missing } = result;
  if (signal.aborted)
    throw new CliError(
      `Stopped: ${count(taken, 'job')} ${verb}; the others are where they were. Run it again to go on.`,
      exitCodes.interrupted,
    );
  if (missing.length > 0)
    throw notFoundError(`${count(taken, 'job')} ${verb}; not in the dead-letter queue: ${missing.join(', ')}`);
  return result;
}
