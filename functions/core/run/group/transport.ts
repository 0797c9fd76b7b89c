import { type AcceptDependencies, acceptRuns } from '../accept/accept.ts';
import type { AcceptRequest } from '../accept/request.ts';
import type { RunRequest, Transport } from '../accept/transport.ts';
import type { ChainCall } from '../run.ts';
import { acceptGroup } from './accept.ts';

/** Accepts calls of tasks in this process. */
export function createAcceptTransport(dependencies: AcceptDependencies): Transport {
  return {
    accept: async (requests) => (await acceptRuns(requests.map(requestOf), dependencies)).map((id) => ({ id })),
    group: async ({ members, then }) => {
      const following = then && {
        task: then.task,
        priority: then.priority ?? then.declared.priority,
        keepDays: then.declared.keepDays,
      };
      // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits it
      return { id: await acceptGroup(members.map(requestOf), { then: following }, dependencies) };
    },
  };
}

function requestOf({
  args,
  dueAtMs,
  expiresAtMs,
  idempotencyKey,
  uniqueMs,
  priority,
  then,
  declared,
}: RunRequest): AcceptRequest {
  return {
    task: declared,
    argsJson: jsonOf(args),
    priority,
    dueAtMs,
    notAfterMs: expiresAtMs,
    idempotencyKey,
    uniqueMs,
    // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits it
    then: then?.map(chainCallOf),
  };
}

const chainCallOf = ({ task, args, priority, declared }: RunRequest): ChainCall => ({
  task,
  args: jsonOf(args) ?? '',
  priority: priority ?? declared.priority,
  keepDays: declared.keepDays,
});

const jsonOf = (args: RunRequest['args']): string | undefined =>
  args === undefined ? undefined : JSON.stringify(args);
