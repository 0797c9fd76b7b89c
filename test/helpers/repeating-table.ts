import type { Table } from '../../functions/core/ports/table.ts';

/**
 * A table whose answers to some writes are lost, so that the client repeats the write and answers what the second one found, as the AWS
 * SDK and the Redis client do. With `pause`, others write between the two.
 */
export function repeatingTable(
  table: Table,
  isLost: (key: string) => boolean,
  pause: (key: string) => Promise<unknown> = async () => {},
): Table {
  const twice = async <T>(key: string, write: () => Promise<T>): Promise<T> => {
    const outcome = await write();
    if (!isLost(key)) return outcome;
    await pause(key);
    return write();
  };
  return {
    ...table,
    insert: (document) => twice(document.key, () => table.insert(document)),
    update: (key, change, anyOf) => twice(key, () => table.update(key, change, anyOf)),
  };
}
