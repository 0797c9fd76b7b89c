import type { OperatedBackend } from './backend/operated-backend.ts';
import type { Deployment, Target } from './deployment.ts';
import { CliError, usageError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command takes. */
export interface GlobalOptions extends Target {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Given to every command beside its own arguments. */
export interface Context {
  readonly terminal: Terminal;
  /** Answer for scripts: JSON on standard output. */
  readonly json: boolean;
  /** Finds the deployment when first asked; a command that needs none never asks. */
  readonly deployment: () => Promise<Deployment>;
  /** Opens its queues and documents when first asked. */
  readonly backend: () => Promise<OperatedBackend>;
  readonly now: () => number;
}

/** Writes the answer: as JSON for scripts, or as text for people, which is made only if needed. */
export function answer({ json, terminal }: Context, value: unknown, text: () => string): void {
  terminal.out(json ? JSON.stringify(value) : text());
}

/** Asks before something that cannot be undone; where nobody can be asked, --yes must have been given. */
export async function confirm({ terminal }: Context, question: string): Promise<void> {
  if (!terminal.interactive) throw usageError(`${question} Nobody is here to be asked: add --yes.`);
  const reply = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(reply.trim())) throw new CliError('Nothing was done.');
}
