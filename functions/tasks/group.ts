import type { RunRequest } from '../core/run/accept/transport.ts';
import { type CallOptions, toRequest } from './call.ts';
import type { Call, UserTask } from './definition.ts';
import { transport } from './select-transport.ts';

/** The argument of the task that follows a group. */
export interface GroupOutcome {
  readonly group: string;
  readonly total: number;
  readonly succeeded: number;
  /** Failed, canceled or expired. */
  readonly failed: number;
}

/** How the calls of a group differ from their defaults. */
export type GroupOptions = Pick<CallOptions, 'delaySeconds' | 'at' | 'expiresAt' | 'priority'>;

/** Calls that run beside each other, and perhaps a task that follows when all have ended. */
export interface Group {
  /** The task is called once, when all members have ended, with `{ group, total, succeeded, failed }`. */
  then(task: UserTask<GroupOutcome, GroupOutcome, unknown>): Group;
  /** Makes the calls; resolves to the id of the group when all are durable. After an error, some may run. */
  delay(options?: GroupOptions): Promise<{ readonly id: string }>;
}

/** So many calls are checked at the same moment. */
const TOGETHER = 500;

/**
 * A group of calls, at most 100,000.
 *
 * @example
 * await group(users.map((user) => notify.with({ userId: user.id }))).then(report).delay();
 */
export function group(calls: Iterable<Call>): Group {
  const members = [...calls];
  return {
    // biome-ignore lint/suspicious/noThenProperty: the word of the interface; a group that is awaited by mistake says so
    then(task: UserTask<GroupOutcome, GroupOutcome, unknown>, reject?: unknown) {
      if (typeof task === 'function' && typeof reject === 'function') {
        reject(new TypeError('A group is not a promise: await `group(…).delay()`'));
        return undefined as never;
      }
      return { ...group(members), delay: (options) => delayGroup(members, task, options) };
    },
    delay: (options) => delayGroup(members, undefined, options),
  };
}

async function delayGroup(
  calls: readonly Call[],
  task: UserTask<GroupOutcome, GroupOutcome, unknown> | undefined,
  options: GroupOptions = {},
): Promise<{ readonly id: string }> {
  const members: RunRequest[] = [];
  for (let first = 0; first < calls.length; first += TOGETHER) {
    const some = calls.slice(first, first + TOGETHER).map((call) => call.request(options));
    members.push(...(await Promise.all(some)).map(kept));
  }
  const following = task && kept(toRequest(task.description, undefined, {}));
  // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits the request
  return (await transport()).group(following ? { members, then: following } : { members });
}

/** Calls that run one after the other: each begins when the one before has succeeded. */
export interface Chain {
  /** Makes the first call; answers the id of its run. The options are those of the first call. */
  delay(options?: CallOptions): Promise<{ readonly id: string }>;
}

/**
 * A chain of calls; each gets the result of the one before as `run.previous`. A call that fails ends the chain.
 *
 * @example
 * await chain(exportUsers.with({ list }), upload.with({ to })).delay();
 */
export function chain(first: Call, ...rest: readonly Call[]): Chain {
  return {
    delay: async (options) => {
      const request = kept(await first.request(options));
      const following = (await Promise.all(rest.map((call) => call.request()))).map(kept);
      // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits the request
      const calls = following.length > 0 ? { ...request, then: following } : request;
      const [accepted] = await (await transport()).accept([calls]);
      if (!accepted) throw new Error('a transport answers an id for each call');
      return { id: accepted.id };
    },
  };
}

/** Runs of groups and chains keep a record, whatever their task says: what follows hangs on it. */
const kept = (request: RunRequest): RunRequest => ({ ...request, declared: { ...request.declared, keep: true } });
