import { type Contact, contactKey } from '../../functions/core/audience/contact.ts';
import { membersPartition } from '../../functions/core/audience/membership.ts';
import { segmentKey } from '../../functions/core/audience/segment.ts';
import { timeSort } from '../../functions/core/document/time-sort.ts';
import type { Document, Entry, Query, Table } from '../../functions/core/ports/table.ts';

/** The id of every segment of this kind. */
export const SEGMENT_ID = '5e600000-0000-4000-8000-000000000000';
const ID = '00000000-0000-4000-8000-';

const idOf = (n: number): string => `${ID}${String(n).padStart(12, '0')}`;
/** The number of the contact, from 0, whose id or address ends with it. */
export const numberIn = (idOrAddress: string): number => Number(/(\d+)(?:@.*)?$/.exec(idOrAddress)?.[1]);
const CONTACT = new RegExp(`^${contactKey(ID)}`);

/** Puts a segment of so many contacts in front of a table. It is computed, not stored: ten million of them take no memory. */
export function withHugeSegment(table: Table, contacts: number, createdAtMs: number): Table {
  const contactOf = (n: number): Contact => ({
    ...{ id: idOf(n), email: `reader-${n}@example.org`, firstName: `Reader ${n}` },
    ...{ unsubscribed: false, properties: {}, topics: {}, revision: 1, createdAtMs, updatedAtMs: createdAtMs },
  });
  const computed = (key: string): Document | undefined => {
    if (key === segmentKey(SEGMENT_ID)) return { id: SEGMENT_ID, name: 'Everybody', createdAtMs };
    return CONTACT.test(key) ? contactOf(numberIn(key)) : undefined;
  };
  const members = ({ after, limit }: Query): Entry[] => {
    const first = after === undefined ? 0 : numberIn(after) + 1;
    const count = Math.min(limit, contacts - first);
    return Array.from({ length: Math.max(0, count) }, (_, index) => {
      const sort = timeSort(createdAtMs, idOf(first + index));
      return { key: `member#${SEGMENT_ID}#${idOf(first + index)}`, sort };
    });
  };
  return {
    ...table,
    get: async <T extends Document>(key: string) => {
      const stored = await table.get<T>(key);
      return stored ?? (computed(key) as T | undefined);
    },
    getMany: async <T extends Document>(keys: readonly string[]) => {
      const stored = await table.getMany<T>(keys);
      return keys.map((key, index) => stored[index] ?? (computed(key) as T | undefined));
    },
    query: async (query) => {
      const stored = await table.query(query);
      return query.partition === membersPartition(SEGMENT_ID) ? members(query) : stored;
    },
  };
}
