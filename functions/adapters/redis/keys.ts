import { queueNames } from '../../core/queues.ts';

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
    all: [...Object.values(names), ...queueNames].map(keyOf),
  };
}

/** Lua that takes the keys from KEYS: `LIST`, `DUE`, …, and `streams`, which has the stream of each queue. */
export function luaKeys(): string {
  const fixed = Object.keys(names).map((use) => use.toUpperCase());
  return `
local ${fixed.join(', ')} = unpack(KEYS)
local queues = { ${queueNames.map((name) => `'${name}'`).join(', ')} }
local streams = {}
for i, queue in ipairs(queues) do streams[queue] = KEYS[${fixed.length} + i] end
`;
}
