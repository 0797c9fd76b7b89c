import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Context } from './context.ts';
import type { GlobalOptions } from './run.ts';
import type { Terminal } from './terminal.ts';

const EXIT_CODES = `
Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    what was named is not there: the stack, an email, a key, a job
  4    doctor found a problem
  130  stopped by Ctrl-C

Without --local the stack is found in AWS by its CloudFormation outputs, with the
credentials and the region of the AWS SDK's default chain.`;

/** Makes the context of a command from the options that all commands take. */
export type ContextOf = (options: GlobalOptions) => Context;

/** Declares the commands. What they do is loaded when one runs, so that --help is there at once. */
export function createProgram(terminal: Terminal, contextOf: ContextOf): Command {
  const program = new Command('sendoff')
    .description('Operates a deployed Sendoff, or the one of `npm start` (--local).')
    .version(version())
    .option('--stage <name>', 'the stage: the stack is Sendoff-<name>')
    .option('--stack <name>', 'the whole name of the stack (default: Sendoff)')
    .option('--region <name>', "AWS region (default: the AWS SDK's)")
    .option('--profile <name>', 'AWS profile (default: AWS_PROFILE)')
    .option('--local', 'speak to `npm start` on this machine')
    .option('--json', 'answer in JSON, for scripts')
    .option('--debug', 'show where an error comes from')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .showHelpAfterError('(sendoff --help lists the commands; sendoff COMMAND --help tells all of one)')
    .exitOverride()
    .addHelpText('after', EXIT_CODES);
  declareKeys(program, contextOf);
  return program;
}

function declareKeys(program: Command, contextOf: ContextOf): void {
  const keys = program.command('keys').description('API keys');
  keys
    .command('create <name>')
    .description('make a key and print it, once')
    .addOption(
      new Option('--permission <permission>', 'what the key may do')
        .choices(['full_access', 'sending_access'])
        .default('full_access'),
    )
    .action(async (name, _options, command: Command) => {
      const options = command.optsWithGlobals();
      await (await import('./keys.ts')).createKey(contextOf(options), name, { permission: options.permission });
    });
  keys
    .command('list')
    .description('show the keys, newest first')
    .action(async (_options, command: Command) => {
      await (await import('./keys.ts')).listKeys(contextOf(command.optsWithGlobals()));
    });
  keys
    .command('revoke <id-or-name>')
    .description('delete a key')
    .action(async (idOrName, _options, command: Command) => {
      await (await import('./keys.ts')).revokeKey(contextOf(command.optsWithGlobals()), idOrName);
    });
}

function version(): string {
  const file = join(import.meta.dirname, '..', '..', 'package.json');
  const { version: own }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return own;
}
