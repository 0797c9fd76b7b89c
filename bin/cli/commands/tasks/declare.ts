import { type Command, Option } from 'commander';
import { runStatuses } from '../../../../functions/core/run/run.ts';
import { positive, timeOrAgo } from '../../arguments.ts';
import type { Context, GlobalOptions } from '../../context.ts';

type ContextOf = (options: GlobalOptions) => Context;

const RUN_HELP = `
  sendoff tasks run notification.send --args '{"userId":"u1"}' --wait
  echo '{"userId":"u1"}' | sendoff tasks run notification.send --args - --in '1 hour'`;

/** Declares the commands of the user's own tasks. */
export function declareTasks(program: Command, contextOf: ContextOf): void {
  const tasks = program.command('tasks').description('your own tasks, their runs and clocks');
  tasks
    .command('list')
    .description('the tasks of the deployment, and when those with a clock run next')
    .action(async (_options, command: Command) => {
      const { listTasks } = await import('./list.ts');
      await listTasks(contextOf(command.optsWithGlobals()));
    });
  declareRun(tasks, contextOf);
  declareRuns(tasks, contextOf);
  declareSchedule(tasks, contextOf);
}

function declareRun(tasks: Command, contextOf: ContextOf): void {
  tasks
    .command('run <name>')
    .description('run a task; prints the id of the run')
    .option('--args <json>', 'its arguments; - reads standard input')
    .option('--in <time>', 'after this time: seconds, or e.g. "10 minutes"')
    .option('--at <time>', 'when: ISO 8601 with a zone, or e.g. "tomorrow at 9am"')
    .option('--expires <time>', 'not later than this: as --in or --at')
    .addOption(new Option('--priority <queue>', "the queue (default: the task's)").choices(['transactional', 'bulk']))
    .option('--idempotency-key <key>', 'the same key within a day makes one run')
    .option('--wait', 'wait until it has ended, and show the progress; exit code 1 if it has not succeeded')
    .addHelpText('after', RUN_HELP)
    .action(async (name, options, command: Command) => {
      const { runTask } = await import('./run.ts');
      await runTask(contextOf(command.optsWithGlobals()), name, options);
    });
}

function declareRuns(tasks: Command, contextOf: ContextOf): void {
  tasks
    .command('runs')
    .description('the newest runs')
    .option('--task <name>', 'only those of this task')
    .addOption(new Option('--status <status>', 'only those with this status').choices(runStatuses))
    .option('--group <id>', 'only the members of this group')
    .option('--max <number>', 'how many', positive, 20)
    .action(async (options, command: Command) => {
      const { listRuns } = await import('./runs.ts');
      await listRuns(contextOf(command.optsWithGlobals()), options);
    });
  tasks
    .command('show <id>')
    .description('a run: its state, timeline, and result or error')
    .option('--wait', 'wait until it has ended; exit code 1 if it has not succeeded')
    .action(async (id, options, command: Command) => {
      const { showRun } = await import('./runs.ts');
      await showRun(contextOf(command.optsWithGlobals()), id, options);
    });
  tasks
    .command('cancel <id>')
    .description('stop a run: one that runs is told by its signal')
    .action(async (id, _options, command: Command) => {
      const { cancelRun } = await import('./runs.ts');
      await cancelRun(contextOf(command.optsWithGlobals()), id);
    });
  tasks
    .command('retry [ids...]')
    .description('run failed runs again: those named, or all that failed; Ctrl-C loses nothing')
    .option('--failed', 'every failed run; shows the errors and asks')
    .option('--task <name>', 'with --failed: only those of this task')
    .option('--since <time>', 'with --failed: made since, e.g. 2h, 7d, 2026-11-20T08:00:00Z', timeOrAgo)
    .option('--dry-run', 'with --failed: only show how many there are, by error')
    .option('-y, --yes', 'do not ask')
    .action(async (ids, options, command: Command) => {
      const { retryRuns } = await import('./retry.ts');
      await retryRuns(contextOf(command.optsWithGlobals()), ids, options);
    });
}

function declareSchedule(tasks: Command, contextOf: ContextOf): void {
  const schedule = tasks.command('schedule').description('the clocks of tasks');
  schedule
    .command('list')
    .description('the clocks, and when each runs next')
    .action(async (_options, command: Command) => {
      const { listClocks } = await import('./schedule.ts');
      await listClocks(contextOf(command.optsWithGlobals()));
    });
  for (const [name, description] of [
    ['pause', 'make no runs until it is resumed'],
    ['resume', 'go on with a paused clock'],
    ['run', 'run its task now, beside the clock'],
  ] as const)
    schedule
      .command(`${name} <task>`)
      .description(description)
      .action(async (task, _options, command: Command) => {
        const { moveClock } = await import('./schedule.ts');
        await moveClock(contextOf(command.optsWithGlobals()), task, name);
      });
}
