import { describe, expect, it } from 'vitest';
import { redisKeys } from '../../../../functions/adapters/redis/keys.ts';
import { type Operation, scriptArguments } from '../../../../functions/adapters/redis/lua/operation.ts';
import { redisScript } from '../../../../functions/adapters/redis/lua/script.ts';
import * as operations from '../../../../functions/adapters/redis/operations.ts';
import { queueNames, taskQueueNames } from '../../../../functions/core/queues.ts';

/** The parameters of each operation in Lua, by its name. */
const parameters = new Map(
  [...redisScript.matchAll(/^function operations\.(\w+)\(([^)]*)\)/gm)].map(([, name = '', list = '']) => [
    name,
    list.split(', ').filter((parameter) => parameter !== ''),
  ]),
);

/** Answers with its name whatever property is asked for. */
const named = new Proxy({}, { get: (_, property) => property });
/** The one argument of operations that take no object. */
const keyOrId: Readonly<Record<string, string>> = { get: 'key', deletebody: 'key', redrive: 'id', discard: 'id' };

describe('the operations', () => {
  const call = (make: (...args: never[]) => Operation): Operation => {
    const [name] = (make as (args: unknown) => Operation)(named);
    return (make as (args: unknown) => Operation)(keyOrId[name] ?? named);
  };

  it.each(Object.entries(operations))('%s passes its arguments as the Lua function takes them', (_, make) => {
    const [name, ...args] = call(make as never);
    const expected = parameters.get(name) ?? [];
    expect(parameters.has(name)).toBe(true);
    // The last one is a list.
    if (expected.at(-1) === '...') expect(args.slice(0, expected.length - 1)).toEqual(expected.slice(0, -1));
    else expect(args).toEqual(expected);
  });

  it('are all that the script has', () => {
    const made = Object.values(operations).map((make) => call(make as never)[0]);
    expect(made.toSorted()).toEqual([...parameters.keys()].toSorted());
  });

  it('pass a flag as 1 or 0, and what is undefined as an empty text', () => {
    const calls: Operation[] = [['one', true, false, undefined, 3, 'text'], ['two']];
    expect(scriptArguments(7, calls)).toEqual(['7', 'one', '5', '1', '0', '', '3', 'text', 'two', '0']);
  });
});

it('the keys keep the names under which deployed stacks have their jobs and documents', () => {
  const fixed = ['list', 'due', 'timers', 'dead', 'drainers', 'watcher', 'doc:'];
  const streams = ['transactional', 'bulk', 'webhook', 'webhook-slow'];
  const names = redisKeys('x', queueNames).all.map((key) => key.replace('{sendoff:x}:', ''));
  const fair = ['transactional:turns', 'transactional:groups', 'bulk:turns', 'bulk:groups'];
  expect(names.toSorted()).toEqual([...fixed, ...streams, ...fair].toSorted());
});

it('the namespace of the tasks has their queues alone', () => {
  const names = redisKeys('x-tasks', taskQueueNames).all.map((key) => key.replace('{sendoff:x-tasks}:', ''));
  const fair = ['tasks:turns', 'tasks:groups', 'tasks-bulk:turns', 'tasks-bulk:groups'];
  expect(names.slice(7)).toEqual(['tasks', 'tasks-bulk', ...fair]);
});
