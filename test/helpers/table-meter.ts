import type { Change, Document, NewDocument, Table } from '../../functions/core/ports/table.ts';

/** The units that DynamoDB would bill: of 1 KB written, in the indexes too, and of 4 KB read. */
export interface TableMeter {
  readonly table: Table;
  readonly units: { write: number; read: number };
  /** Calls by method and kind of document: `insert email`. */
  readonly calls: Map<string, number>;
}

const bytesOf = (document: Document | undefined, key: string) => key.length + JSON.stringify(document ?? {}).length;
const written = (document: Document | undefined, key: string) => Math.max(1, Math.ceil(bytesOf(document, key) / 1024));
const read = (document: Document | undefined, key: string) => Math.max(1, Math.ceil(bytesOf(document, key) / 4096));
/** An entry that moves is deleted and written. */
const entriesOf = ({ list, due }: Pick<Change, 'list' | 'due'>) =>
  [list, due].reduce((sum, entry) => sum + (entry === undefined ? 0 : entry === null ? 1 : 2), 0);

/** Counts what goes through a table. */
export function createTableMeter(table: Table): TableMeter {
  const units = { write: 0, read: 0 };
  const calls = new Map<string, number>();
  const count = (method: string, key: string, times = 1) => {
    const name = `${method} ${key.split('#')[0]}`;
    calls.set(name, (calls.get(name) ?? 0) + times);
  };
  const metered: Table = {
    async get<T extends Document>(key: string) {
      const document = await table.get<T>(key);
      count('get', key);
      units.read += read(document, key);
      return document;
    },
    async getMany<T extends Document>(keys: readonly string[]) {
      const documents = await table.getMany<T>(keys);
      for (const [index, key] of keys.entries()) {
        count('read', key);
        units.read += read(documents[index], key);
      }
      return documents;
    },
    async insert<T extends Document>(document: NewDocument) {
      const { key, fields, list, due } = document;
      const outcome = await table.insert<T>(document);
      count('insert', key);
      units.write += written(fields, key) + (list ? 1 : 0) + (due ? 1 : 0);
      return outcome;
    },
    async update<T extends Document>(key: string, change: Change, anyOf?: Parameters<Table['update']>[2]) {
      const outcome = await table.update<T>(key, change, anyOf);
      count('update', key);
      units.write += written(outcome.document, key) + (outcome.applied ? entriesOf(change) : 0);
      return outcome;
    },
    async delete(key, anyOf) {
      count('delete', key);
      units.write += 1;
      return table.delete(key, anyOf);
    },
    async query(query) {
      const entries = await table.query(query);
      count('query', query.partition);
      // Keys of about 130 bytes; indexes are read eventually consistent.
      units.read += Math.max(1, Math.ceil((entries.length * 130) / 4096)) / 2;
      return entries;
    },
    parts: table.parts,
  };
  return { table: metered, units, calls };
}
