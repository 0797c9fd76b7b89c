import type { RunRequest } from '../core/run/accept/transport.ts';
import {
  isTaskDefinition,
  type RunContext,
  type TaskDefinition,
  type TaskOptions,
  USER_TASK,
} from '../core/run/definition/definition.ts';
import type { ClockDescription } from '../core/run/definition/manifest.ts';
import { explainIssues } from '../core/run/definition/standard-schema.ts';
import { type CallOptions, toRequest } from './call.ts';
import { describeTask } from './describe.ts';
import { transport } from './select-transport.ts';

/** A call that is not made yet: for groups and chains. */
export interface Call {
  readonly task: string;
  /** Checks the arguments; answers what a transport takes. */
  request(options?: CallOptions): Promise<RunRequest>;
}

/** A task of the user. */
export interface UserTask<Input = undefined, Args = Input, Result = unknown> extends TaskDefinition {
  readonly options: TaskOptions<Args, Input>;
  run(args: Args, run: RunContext): Promise<Result> | Result;
  /**
   * Calls the task in the background; resolves when the call is durable.
   *
   * @throws TypeError for arguments that the schema refuses; SendoffError as the API answers it. If `retryable` is true, the
   * same call may succeed later.
   */
  delay(
    ...call: undefined extends Input ? [args?: Input, options?: CallOptions] : [args: Input, options?: CallOptions]
  ): Promise<{
    readonly id: string;
  }>;
  /** The call, to be made later in a group or a chain. */
  with(...args: undefined extends Input ? [args?: Input] : [args: Input]): Call;
}

/** True for what `task()` or `cron()` answered. */
export const isUserTask = (value: unknown): value is UserTask<unknown, unknown> => isTaskDefinition(value);

/**
 * Declares a task. Every exported task of the file that the option `tasks` names is deployed.
 *
 * @example
 * export const welcome = task('user.welcome', { args: z.object({ id: z.string() }) }, async ({ id }, run) => { … });
 * await welcome.delay({ id: '42' }, { delaySeconds: 60 });
 *
 * @throws TypeError for a name or an option that is out of range.
 */
export function task<Result, Args = undefined, Input = Args>(
  name: string,
  options: TaskOptions<Args, Input>,
  run: (args: Args, run: RunContext) => Promise<Result> | Result,
): UserTask<Input, Args, Result> {
  return define(name, options, run);
}

/** The options of a task that a clock calls. */
export type CronOptions = Omit<TaskOptions<undefined>, 'args'> & {
  /** The time zone of the expression, such as `Europe/Berlin`; UTC if absent. */
  readonly timeZone?: string;
};

/**
 * Declares a task that runs at certain times: a cron expression of five fields, or an interval such as `{ every: '5 minutes' }`.
 *
 * @throws TypeError as `task`.
 */
export function cron<Result>(
  name: string,
  times: string | { readonly every: string },
  options: CronOptions,
  run: (run: RunContext) => Promise<Result> | Result,
): UserTask<undefined, undefined, Result> {
  const { timeZone = 'UTC', ...rest } = options;
  const clock =
    typeof times === 'string' ? { expression: times, timeZone } : { everySeconds: secondsOf(name, times.every) };
  return define(name, rest, (_args: undefined, context: RunContext) => run(context), clock);
}

function define<Result, Args, Input>(
  name: string,
  options: TaskOptions<Args, Input>,
  run: (args: Args, run: RunContext) => Promise<Result> | Result,
  clock?: ClockDescription,
): UserTask<Input, Args, Result> {
  const description = describeTask(name, options, clock);
  const request = async (args: unknown, callOptions: CallOptions = {}): Promise<RunRequest> => {
    const checked = await options.args?.['~standard'].validate(args);
    if (checked?.issues) throw new TypeError(`The arguments of ${name} are wrong: ${explainIssues(checked.issues)}`);
    return toRequest(description, args, callOptions);
  };
  const defined = {
    [USER_TASK]: true,
    name,
    options,
    description,
    run,
    delay: async (args?: Input, callOptions?: CallOptions) => {
      const [accepted] = await (await transport()).accept([await request(args, callOptions)]);
      if (!accepted) throw new Error('a transport answers an id for each call');
      return { id: accepted.id };
    },
    with: (args?: Input) => ({ task: name, request: (callOptions?: CallOptions) => request(args, callOptions) }),
  };
  return defined as UserTask<Input, Args, Result>;
}

const UNITS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** `5 minutes` in seconds. */
function secondsOf(name: string, every: string): number {
  const [, count = '1', unit = ''] = /^\s*(\d+)?\s*(second|minute|hour|day)s?\s*$/.exec(every) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds < 60 || seconds % 60 > 0)
    throw new TypeError(
      `${name}: every must be whole minutes, hours or days, such as \`5 minutes\`, not ${JSON.stringify(every)}`,
    );
  return seconds;
}
