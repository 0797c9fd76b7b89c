import { type Command, Option } from 'commander';
import { collect, positive } from '../../arguments.ts';
import type { Context, GlobalOptions } from '../../context.ts';

const IMPORT_HELP = `
Run it again after an interruption: it goes on where it stopped. Lines that are wrong are listed; the others are imported.

  sendoff contacts import people.csv --segment Newsletter --column email=E-Mail --column points:number=Points`;

/** Declares the commands of contacts. */
export function declareContacts(program: Command, contextOf: (options: GlobalOptions) => Context): void {
  const contacts = program.command('contacts').description('the people who get broadcasts');
  contacts
    .command('import <file>')
    .description('make contacts of a CSV file (UTF-8, with a header) of any size')
    .option('--segment <name>', 'add them to this segment (name or id); may be repeated', collect)
    .option(
      '--column <field=column>',
      'the column of email, first_name, last_name, unsubscribed or a property (KEY, KEY:number, KEY:boolean); may be repeated',
      collect,
    )
    .addOption(
      new Option('--on-conflict <rule>', 'contacts that exist: change them, or leave them')
        .choices(['upsert', 'skip'])
        .default('upsert'),
    )
    .option('--again', 'import a file again that was imported within 24 hours')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file, options, command: Command) => {
      const { importFile } = await import('./import.ts');
      await importFile(contextOf(command.optsWithGlobals()), file, options);
    });
  contacts
    .command('export')
    .description('write contacts to standard output, oldest first; `contacts import` reads it')
    .option('--segment <name>', 'only those of this segment (name or id)')
    .addOption(new Option('--format <format>', 'the format').choices(['csv', 'jsonl']).default('csv'))
    .action(async (options, command: Command) => {
      const { exportContacts } = await import('./export.ts');
      await exportContacts(contextOf(command.optsWithGlobals()), options);
    });
  contacts
    .command('list')
    .description('the newest contacts')
    .option('--segment <name>', 'only those of this segment (name or id)')
    .option('--max <number>', 'how many', positive, 100)
    .action(async (options, command: Command) => {
      const { listContacts } = await import('./list.ts');
      await listContacts(contextOf(command.optsWithGlobals()), options);
    });
}
