/**
 * A call of an operation of the script: its name, and its arguments in the order in which the Lua function of that name takes
 * them. The files of this folder hold both, the Lua function and the function that makes its calls.
 */
export type Operation = readonly [name: string, ...args: Argument[]];

/** A flag is passed as 1 or 0, undefined as an empty text. */
export type Argument = string | number | boolean | undefined;

/** The answer of an operation: text, numbers, null and lists of these. */
export type RedisValue = string | number | null | readonly RedisValue[];

/** ARGV of the script: the time, then for each operation its name, the number of its arguments, and these. */
export function scriptArguments(nowMs: number, operations: readonly Operation[]): string[] {
  const calls = operations.flatMap(([name, ...args]) => [name, String(args.length), ...args.map(text)]);
  return [String(nowMs), ...calls];
}

function text(argument: Argument): string {
  return typeof argument === 'boolean' ? String(Number(argument)) : String(argument ?? '');
}
