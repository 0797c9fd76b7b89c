import type { IndexEntry, Table } from '../../functions/core/ports/table.ts';

interface Listed {
  readonly key: string;
  readonly sort: string;
}

/** An index of a table in memory: its entries stay sorted, so that a page of many thousands costs no more than one of a few. */
export function createMemoryIndex() {
  const partitions = new Map<string, Listed[]>();
  const entriesOf = (partition: string): Listed[] => {
    const entries = partitions.get(partition) ?? [];
    partitions.set(partition, entries);
    return entries;
  };
  return {
    add(key: string, { partition, sort }: IndexEntry): void {
      const entries = entriesOf(partition);
      entries.splice(
        countWhile(entries, (one) => bytewise(one, sort) <= 0),
        0,
        { key, sort },
      );
    },
    remove(key: string, { partition, sort }: IndexEntry): void {
      const entries = entriesOf(partition);
      const from = countWhile(entries, (one) => bytewise(one, sort) < 0);
      for (let at = from; entries[at]?.sort === sort; at++) if (entries[at]?.key === key) entries.splice(at, 1);
    },
    query({ partition, limit, order, after, before }: Omit<Parameters<Table['query']>[0], 'index'>): Listed[] {
      const entries = entriesOf(partition);
      const [above, below] = order === 'ascending' ? [after, before] : [before, after];
      const start = above === undefined ? 0 : countWhile(entries, (one) => bytewise(one, above) <= 0);
      const end = below === undefined ? entries.length : countWhile(entries, (one) => bytewise(one, below) < 0);
      if (order === 'ascending') return entries.slice(start, Math.min(end, start + limit));
      return entries.slice(Math.max(start, end - limit), Math.max(start, end)).reverse();
    },
  };
}

/** How many entries at the beginning of a sorted list have a sort key for which this holds. */
function countWhile(entries: readonly Listed[], holds: (sort: string) => boolean): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(entries[middle]?.sort ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sorts as DynamoDB and Redis do, by the bytes of UTF-8. */
const bytewise = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));
