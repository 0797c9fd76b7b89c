import { fairQueueNames, queueNames } from '../../core/queues.ts';

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

/** The keys of one deployment; `all` is what the script gets as KEYS. The stream of a queue is named as the queue is. */
export function redisKeys(namespace: string) {
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
      ...fairQueueNames.flatMap((queue) => [`${queue}:turns`, `${queue}:groups`]),
    ].map(keyOf),
  };
}

/**
 * Lua that takes the keys from KEYS: `LIST`, `DUE`, …, `streams`, which has the stream of each queue, and `turns` and `groups` with
 * the keys of each fair queue.
 */
export function luaKeys(): string {
  const fixed = Object.keys(names).map((use) => use.toUpperCase());
  return `
local ${fixed.join(', ')} = unpack(KEYS)
local queues = { ${queueNames.map((name) => `'${name}'`).join(', ')} }
local streams = {}
for i, queue in ipairs(queues) do streams[queue] = KEYS[${fixed.length} + i] end
local turns, groups = {}, {}
for i, queue in ipairs({ ${fairQueueNames.map((name) => `'${name}'`).join(', ')} }) do
  local first = ${fixed.length + queueNames.length} + 2 * i - 1
  turns[queue], groups[queue] = KEYS[first], KEYS[first + 1]
end
`;
}
