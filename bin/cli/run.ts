import { CommanderError } from 'commander';
import { once } from '../../functions/core/once.ts';
import { openBackend } from './backend/open.ts';
import type { Context, GlobalOptions } from './context.ts';
import { findDeployment } from './deployment.ts';
import { exitCodes, explain } from './errors.ts';
import { createProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line (without `node` and the script) and answers the exit code; throws nothing. */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  now: () => number = Date.now,
): Promise<number> {
  const contextOf = (options: GlobalOptions): Context => {
    const deployment = once(() => findDeployment(options, terminal.env));
    const backend = once(async () => openBackend(await deployment(), terminal));
    return { terminal, json: options.json ?? false, deployment, backend, now };
  };
  const program = createProgram(terminal, contextOf);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander has shown its message or the help already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (args.includes('--debug'))
      terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const failure = explain(error);
    terminal.note(`sendoff: ${failure.line}`);
    return failure.exitCode;
  }
}
