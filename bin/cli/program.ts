import { Command, Option } from 'commander';
import { permissions } from '../../functions/core/access/api-key.ts';
import { packageJson } from '../../lib/package-root.ts';
import { atLeastZero, collect, hostAndPort, milliseconds, positive, timeOrAgo } from './arguments.ts';
import { declareContacts } from './commands/contacts/declare.ts';
import { declareTasks } from './commands/tasks/declare.ts';
import type { Context, GlobalOptions } from './context.ts';
import type { Terminal } from './terminal.ts';

const EXIT_CODES = `
Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    not found: the stack, an email, a key, a job
  4    doctor found a problem
  130  stopped by Ctrl-C

Without --local the stack is found in AWS by its CloudFormation outputs, with the
credentials and the region of the AWS SDK's default chain.`;

const SEND_HELP = `
With SENDOFF_API_KEY (and SENDOFF_API_URL) in the environment no AWS credentials are
needed. Without a key, one is made for this one email and deleted after it.

  echo 'It is done.' | sendoff send --from me@example.com --to you@example.com --subject Done --text -`;

/** Makes the context of a command from the options that all commands take. */
export type ContextOf = (options: GlobalOptions) => Context;

/** Declares the commands. The code of a command is loaded when it runs, so that --help is fast. */
export function createProgram(terminal: Terminal, contextOf: ContextOf): Command {
  const program = new Command('sendoff')
    .description('Operates a deployed Sendoff, or the one of `sendoff start` (--local).')
    .version(packageJson().version)
    .option('--stage <name>', 'the stage: the stack is Sendoff-<name>')
    .option(
      '--stack <name>',
      'the whole name of the stack (default: Sendoff); Stack/Construct where it has several Sendoffs',
    )
    .option('--region <name>', "AWS region (default: the AWS SDK's)")
    .option('--profile <name>', 'AWS profile (default: AWS_PROFILE)')
    .option('--local', 'speak to `sendoff start` on this machine')
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
  declareStarting(program, terminal);
  declareKeys(program, contextOf);
  declareEmails(program, contextOf);
  declareBroadcasts(program, contextOf);
  declareContacts(program, contextOf);
  declareTasks(program, contextOf);
  declareDeadLetters(program, contextOf);
  declareWatching(program, contextOf);
  return program;
}

function declareStarting(program: Command, terminal: Terminal): void {
  program
    .command('init [directory]')
    .description('write a CDK app with a Sendoff in it: three files')
    .action(async (directory) => {
      (await import('./commands/init.ts')).init(terminal, directory);
    });
  program
    .command('start')
    .description(
      'run the stack of the CDK app in this folder on a local cloud; with --json it prints one line {url, apiKey, inbox}',
    )
    .option('--port <number>', 'port of the API (0: any free one)', atLeastZero, 4000)
    .option('--host <name>', 'also answer requests for this name, e.g. host.docker.internal; may be repeated', collect)
    .option('--data <directory>', 'keep queues, documents and mail there across restarts; only you may read it')
    .option('--app <command>', 'what synthesizes, e.g. "node bin/app.js" (default: cdk.json\'s app)')
    .option('-c, --context <name=value>', 'context, as for cdk deploy; may be repeated', collect)
    .option(
      '--backend <name>',
      'for an app whose options are context: aws, or redis (on a redis-server of its own, on that of REDIS_URL, or on the Upstash database of UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN)',
    )
    .option('--sendoff <name>', 'the Sendoff whose API and key are meant, where the stack has several')
    .option('--skip-unknown', 'leave out resources that cannot run here, and say which')
    .option('--ses-rate <number>', 'throttle SES at so many recipients a second', atLeastZero)
    .option('--ses-quota <number>', 'let SES send to so many recipients in 24 hours', atLeastZero)
    .option('--ses-sandbox', 'a new account of SES: 200 recipients in 24 hours, 1 a second, verified ones only')
    .option('--ses-latency <ms>', 'let SES take this long to answer', atLeastZero)
    .option('--verified <list>', 'let SES refuse senders other than these addresses and domains, separated by commas')
    .option('--lambda-concurrency <number>', 'throttle functions above so many executions at once', atLeastZero)
    .option('--relay <host:port>', 'pass every mail on to this SMTP server too', hostAndPort)
    .option('--verbose', 'show how each resource of the template is made, too')
    .action(async (_options, command: Command) => {
      await (await import('./commands/start.ts')).start(terminal, command.optsWithGlobals());
    });
}

function declareKeys(program: Command, contextOf: ContextOf): void {
  const keys = program.command('keys').description('API keys');
  keys
    .command('create <name>')
    .description('make a key and print it, once')
    .addOption(
      new Option('--permission <permission>', 'what the key may do').choices(permissions).default('full_access'),
    )
    .addOption(
      new Option('--domain <name>', 'the one domain it may send from').implies({ permission: 'sending_access' }),
    )
    .action(async (name, options, command: Command) => {
      await (await import('./commands/keys.ts')).createKey(contextOf(command.optsWithGlobals()), name, options);
    });
  keys
    .command('list')
    .description('show the keys, newest first')
    .action(async (_options, command: Command) => {
      await (await import('./commands/keys.ts')).listKeys(contextOf(command.optsWithGlobals()));
    });
  keys
    .command('revoke <id-or-name>')
    .description('delete a key')
    .option('--force', 'the last key with full access, too')
    .action(async (idOrName, options, command: Command) => {
      await (await import('./commands/keys.ts')).revokeKey(contextOf(command.optsWithGlobals()), idOrName, options);
    });
}

function declareEmails(program: Command, contextOf: ContextOf): void {
  program
    .command('send')
    .description('send an email through the API; prints its id')
    .requiredOption('--from <mailbox>', 'sender, `a@b.c` or `Name <a@b.c>`')
    .requiredOption('--to <mailbox>', 'recipient; may be repeated', collect)
    .option('--cc <mailbox>', 'may be repeated', collect)
    .option('--bcc <mailbox>', 'may be repeated', collect)
    .option('--reply-to <mailbox>', 'may be repeated', collect)
    .requiredOption('--subject <text>', 'subject')
    .option('--text <text>', 'plain text; - reads standard input')
    .option('--text-file <file>', 'plain text from a file')
    .option('--html <html>', 'HTML; - reads standard input')
    .option('--html-file <file>', 'HTML from a file')
    .option('--attach <file>', 'file to attach; may be repeated', collect)
    .option('--header <name:value>', 'may be repeated', collect)
    .option('--tag <name=value>', 'may be repeated', collect)
    .option('--at <time>', 'when: ISO 8601 with a zone, or e.g. "in 1 hour"')
    .option('--idempotency-key <key>', 'makes repeating it safe for 24 hours; needs SENDOFF_API_KEY')
    .addHelpText('after', SEND_HELP)
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals();
      await (await import('./commands/send.ts')).send(contextOf(options), command.opts());
    });
  program
    .command('status <id>')
    .description('the status of an email, and its timeline')
    .option('--wait <seconds>', 'wait until it is sent, at most so long; exit code 1 if it is not', positive)
    .action(async (id, options, command: Command) => {
      await (await import('./commands/status.ts')).showStatus(contextOf(command.optsWithGlobals()), id, options);
    });
  program
    .command('retry [ids...]')
    .description('send failed emails again: those named, or all that failed; Ctrl-C loses nothing')
    .option('--failed', 'every failed email; shows the reasons and asks')
    .option('--since <time>', 'with --failed: accepted since, e.g. 2h, 7d, 2026-11-20T08:00:00Z', timeOrAgo)
    .option('--until <time>', 'with --failed: accepted before', timeOrAgo)
    .option('--reason <text>', 'with --failed: only those whose reason contains this')
    .option('--dry-run', 'with --failed: only show how many there are, by reason')
    .option('-y, --yes', 'do not ask')
    .action(async (ids, options, command: Command) => {
      await (await import('./commands/retry.ts')).retryEmails(contextOf(command.optsWithGlobals()), ids, options);
    });
  program
    .command('forget <address>')
    .description(
      "delete a person's data: every email to the address, record and body, and the webhook events about it (- reads standard input)",
    )
    .option('--sender', 'emails from the address, too')
    .option('--cancel', 'cancel what is still to be sent to it, and delete it too')
    .option('--suppression', 'take it off the suppression list too: it may be sent to again')
    .option('--dry-run', 'only say what would be deleted')
    .option('-y, --yes', 'do not ask')
    .action(async (address, options, command: Command) => {
      await (await import('./commands/forget/forget.ts')).forget(
        contextOf(command.optsWithGlobals()),
        address,
        options,
      );
    });
}

const BROADCAST_HELP = `
The CSV file has a column \`email\`; every other column is a variable: {{{first_name|there}}}.
The same command goes on after an interruption, and never sends twice.

  sendoff broadcast send --to list.csv --template welcome --from 'Shop <news@example.com>'`;

function declareBroadcasts(program: Command, contextOf: ContextOf): void {
  const broadcast = program.command('broadcast').description('mass mail to a list or a segment');
  broadcast
    .command('send')
    .description('send one email to all of a CSV file or a segment, and show the progress; Ctrl-C leaves it running')
    .option('--to <file>', 'CSV file with a column `email`')
    .option('--segment <name>', 'name or id of a segment')
    .option('--template <name>', 'id or alias of a published template')
    .option('--html <file>', 'HTML from a file')
    .option('--text <file>', 'plain text from a file')
    .option('--subject <text>', "subject (default: the template's)")
    .option('--from <mailbox>', "sender, `a@b.c` or `Name <a@b.c>` (default: the template's)")
    .option('--name <name>', 'name of the broadcast (default: of the file or segment)')
    .option('--at <time>', 'when: ISO 8601 with a zone, or e.g. "in 1 hour"')
    .option('--skip-invalid', 'leave out lines that cannot be sent to')
    .option('--no-watch', 'end when it is queued')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', BROADCAST_HELP)
    .action(async (options, command: Command) => {
      const { sendBroadcast } = await import('./commands/broadcast/send.ts');
      await sendBroadcast(contextOf(command.optsWithGlobals()), options);
    });
  broadcast
    .command('status <id>')
    .description('a broadcast and its counts')
    .option('--watch', 'show the progress until it has ended')
    .action(async (id, options, command: Command) => {
      const { showBroadcast } = await import('./commands/broadcast/broadcasts.ts');
      await showBroadcast(contextOf(command.optsWithGlobals()), id, options);
    });
  broadcast
    .command('list')
    .description('the newest broadcasts')
    .option('--max <number>', 'how many', positive, 20)
    .action(async (options, command: Command) => {
      const { listBroadcasts } = await import('./commands/broadcast/broadcasts.ts');
      await listBroadcasts(contextOf(command.optsWithGlobals()), options);
    });
  for (const [name, description] of [
    ['pause', 'stop one that is being sent, for now'],
    ['resume', 'go on with a paused one'],
    ['cancel', 'make a scheduled one a draft, or end one that is being sent'],
    ['delete', 'delete a draft'],
  ] as const)
    broadcast
      .command(`${name} <id>`)
      .description(description)
      .action(async (id, _options, command: Command) => {
        const { moveBroadcast } = await import('./commands/broadcast/broadcasts.ts');
        await moveBroadcast(contextOf(command.optsWithGlobals()), id, name);
      });
}

function declareDeadLetters(program: Command, contextOf: ContextOf): void {
  const deadLetters = program.command('dead-letters').description('jobs that no worker could handle');
  deadLetters
    .command('list')
    .description('show them; nothing is taken out')
    .option('--max <number>', 'how many', positive, 100)
    .action(async (options, command: Command) => {
      const { list } = await import('./commands/dead-letters/list.ts');
      await list(contextOf(command.optsWithGlobals()), options);
    });
  deadLetters
    .command('show <job>')
    .description('show one with its body')
    .action(async (job, _options, command: Command) => {
      const { show } = await import('./commands/dead-letters/show.ts');
      await show(contextOf(command.optsWithGlobals()), job);
    });
  deadLetters
    .command('redrive [jobs...]')
    .description('put them back on the queue they came from; Ctrl-C loses nothing')
    .option('--all', 'every one')
    .action(async (ids, { all }, command: Command) => {
      const { redrive } = await import('./commands/dead-letters/redrive.ts');
      await redrive(contextOf(command.optsWithGlobals()), { ids, all });
    });
  deadLetters
    .command('purge [jobs...]')
    .description('delete them; the emails that waited for them end as failed')
    .option('--all', 'every one')
    .option('-y, --yes', 'do not ask')
    .action(async (ids, { all, yes }, command: Command) => {
      const { purge } = await import('./commands/dead-letters/purge.ts');
      await purge(contextOf(command.optsWithGlobals()), { ids, all, yes });
    });
}

function declareWatching(program: Command, contextOf: ContextOf): void {
  program
    .command('stats')
    .description('the depths of the queues, and the statuses of recent emails')
    .option('--since <time>', 'how far back, e.g. 30m, 24h, 7d', milliseconds, milliseconds('24h'))
    .option('--max <number>', 'at most so many emails are read, the newest', positive, 10_000)
    .action(async (options, command: Command) => {
      await (await import('./commands/stats.ts')).showStats(contextOf(command.optsWithGlobals()), options);
    });
  program
    .command('tail')
    .description('follow the logs of all functions; Ctrl-C ends it')
    .option('--since <time>', 'how far back it begins, e.g. 30m, 24h, 7d', milliseconds, milliseconds('1m'))
    .option('--no-follow', 'end after the last line')
    .option('--email <id>', 'only lines about this email')
    .option(
      '--only <function>',
      'api, send, schedule, http, … (backend=redis: api, consumer, watchdog, …); may be repeated',
      collect,
    )
    .addOption(
      new Option('--level <level>', 'the lowest level that is shown')
        .choices(['info', 'warn', 'error'])
        .default('info'),
    )
    .action(async (options, command: Command) => {
      await (await import('./commands/tail/tail.ts')).tailLogs(contextOf(command.optsWithGlobals()), options);
    });
  program
    .command('doctor')
    .description('check everything that sending depends on; exit code 4 if it finds a problem')
    .option('--from <address>', 'may SES send from this address?')
    .action(async (options, command: Command) => {
      await (await import('./commands/doctor/doctor.ts')).runDoctor(contextOf(command.optsWithGlobals()), options);
    });
}
