import type { Document, Table } from '../../functions/core/ports/table.ts';

/**
 * A table whose reads that may lag do: each document as it was up to three writes of this table ago, or not there yet. Writes, and the
 * documents that they answer, are those of the table.
 */
export function laggingTable(table: Table, random: () => number): Table {
  const versions = new Map<string, (Document | undefined)[]>();
  const note = (key: string, document: Document | undefined) => {
    versions.set(key, [...(versions.get(key) ?? [undefined]), document].slice(-4));
  };
  return {
    ...table,
    getMany: async <T extends Document>(keys: readonly string[], { mayLag = false } = {}) => {
      const found = await table.getMany<T>(keys);
      if (!mayLag) return found;
      return found.map((document, index) => {
        const before = versions.get(keys[index] ?? '') ?? [undefined];
        return random() < 0.5 ? document : (before[Math.floor(random() * before.length)] as T | undefined);
      });
    },
    insert: async <T extends Document>(document: Parameters<Table['insert']>[0]) => {
      const outcome = await table.insert<T>(document);
      if (outcome.applied) note(document.key, outcome.document);
      return outcome;
    },
    update: async <T extends Document>(...[key, change, anyOf]: Parameters<Table['update']>) => {
      const outcome = await table.update<T>(key, change, anyOf);
      if (outcome.applied) note(key, outcome.document);
      return outcome;
    },
  };
}
