import { CliError, usageError } from './cli-error.ts';
import type { Context } from './context.ts';

/** Asks before something that cannot be undone; where nobody can be asked, --yes must have been given. */
export async function confirm({ terminal }: Context, question: string): Promise<void> {
  if (!terminal.interactive) throw usageError(`${question} Nobody is here to be asked: add --yes.`);
  const reply = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(reply.trim())) throw new CliError('Nothing was done.');
}
