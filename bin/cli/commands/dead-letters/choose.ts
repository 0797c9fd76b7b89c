import { CliError, exitCodes, notFoundError, usageError } from '../../cli-error.ts';
import type { Context } from '../../context.ts';
import { count } from '../../layout.ts';
import type { DeadLetter, DeadLetterQueue } from './queue.ts';
import { type Handling, type Walk, walk } from './walk.ts';

/** Which jobs a command is about: those named, or all. */
export interface Choice {
  readonly ids: readonly string[];
  readonly all?: boolean;
}

/** Refuses a choice that names nothing, or both. */
export function checkChoice({ ids, all }: Choice): void {
  if (ids.length === 0 && !all)
    throw usageError('Say which: job ids as `sendoff dead-letters list` shows them, or --all.');
  if (ids.length > 0 && all) throw usageError('Give job ids or --all, not both.');
}

/** Walks the queue and handles the jobs chosen; says how far it is, and what was not found. */
export async function handleChosen(
  { terminal }: Context,
  queue: DeadLetterQueue,
  { ids, all }: Choice,
  verb: string,
  handle: Handling,
): Promise<Walk> {
  const missing = new Set(ids);
  const total = await queue.depth();
  const handleIfChosen = async (letter: DeadLetter) => {
    if (!all && !missing.delete(letter.id)) return 'left' as const;
    return handle(letter);
  };
  const signal = terminal.interruption();
  const result = await walk(queue, handleIfChosen, {
    signal,
    ...(all ? {} : { enough: () => missing.size === 0 }),
    onProgress: (handled) => terminal.progress(`${verb} … ${handled} of about ${Math.max(total, handled)}`),
  });
  if (signal.aborted)
    throw new CliError(
      `Stopped: ${count(result.taken, 'job')} ${verb}; the others are where they were. Run it again to go on.`,
      exitCodes.interrupted,
    );
  if (missing.size > 0)
    throw notFoundError(
      `${count(result.taken, 'job')} ${verb}; not in the dead-letter queue: ${[...missing].join(', ')}`,
    );
  return result;
}
