import { queueNames } from '../../core/queues.ts';

/**
 * The names of the keys beside the streams. They are stored data, a deployed stack has its jobs and documents under them: so
 * `drainers` holds the consumers, and `watcher` says that a watchdog is running.
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

/** The keys of one deployment by their use: the script gets them as KEYS, followed by the stream of each queue. */
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

/** The keys as the script takes them from KEYS: `LIST`, `DUE`, …, and in `streams` that of each queue. */
export function luaKeys(): string {
  const fixed = Object.keys(names).map((use) => use.toUpperCase());
  return `
local ${fixed.join(', ')} = unpack(KEYS)
local queues = { ${queueNames.map((name) => `'${name}'`).join(', ')} }
local streams = {}
for i, queue in ipairs(queues) do streams[queue] = KEYS[${fixed.length} + i] end
`;
}
