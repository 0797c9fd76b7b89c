import type { Document, Query, Table } from '../../functions/core/ports/table.ts';

/** A table with the key and the partition of one test. */
export interface TestedTable {
  readonly table: Table;
  readonly key: string;
  readonly partition: string;
  put(fields: Document, at?: string): ReturnType<Table['insert']>;
  /** The sort values in the partition. */
  sorts(query?: Partial<Query>): Promise<string[]>;
}

export function testedTable(table: Table, test: number): TestedTable {
  const key = `thing#${test}`;
  const partition = `things-${test}`;
  return {
    table,
    key,
    partition,
    put: (fields, at = key) => table.insert({ key: at, fields }),
    sorts: async (query = {}) =>
      (await table.query({ index: 'list', partition, limit: 100, order: 'ascending', ...query })).map(
        ({ sort }) => sort,
      ),
  };
}
