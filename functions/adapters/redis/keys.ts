import { type QueueName, queues } from '../../core/queues.ts';

/**
 * The names of the keys beside the streams. They are stored data: deployed stacks have their jobs and documents under them, so
 * `drainers` (the consumers) and `watcher` (a watchdog is running) keep the names of version 0.1.
 */
const names = {
  list: 'list',
  due: 'due',
  timers: 'timers',
  dead: 'dead',
  consumers: 'drainers',
  watchdog: 'watcher',
  documents: 'doc:',
} as const;

/** The keys of a namespace with these queues; `all` is what the script gets as KEYS. The stream of a queue is named as the queue is. */
export function redisKeys(namespace: string, queueNames: readonly QueueName[]) {
  // One hash tag: a cluster keeps all keys of a deployment together.
  const keyOf = (name: string) => `{sendoff:${namespace}}:${name}`;
  return {
    timers: keyOf(names.timers),
    dead: keyOf(names.dead),
    documents: keyOf(names.documents),
    all: [
      ...Object.values(names),
      ...queueNames,
      // The turns of the jobs that wait, and the last turn of each group (lua/fairness.ts).
      ...queueNames.filter((queue) => queues[queue].fair).flatMap((queue) => [`${queue}:turns`, `${queue}:groups`]),
    ].map(keyOf),
  };
}

/**
 * Lua that takes the keys from KEYS: `LIST`, `DUE`, …, `queues`, the names of the namespace's queues in their order, `streams`, which
 * has the stream of each queue, and `turns` and `groups` with the keys of each fair queue.
 */
export function luaKeys(): string {
  const fixed = Object.keys(names).map((use) => use.toUpperCase());
  return `
local ${fixed.join(', ')} = unpack(KEYS)
local queues, streams, turns, groups = {}, {}, {}, {}
for i = ${fixed.length + 1}, #KEYS do
  local queue, use = string.match(KEYS[i], '}:([^:]+):?(%a*)$')
  if use == 'turns' then turns[queue] = KEYS[i]
  elseif use == 'groups' then groups[queue] = KEYS[i]
  else
    queues[#queues + 1] = queue
    streams[queue] = KEYS[i]
  end
end
`;
}
