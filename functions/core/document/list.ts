import { notFound } from '../errors.ts';
import type { Document, Entry, Query, Table } from '../ports/table.ts';
import { parseWhole } from '../validate.ts';
import { timeSort } from './time-sort.ts';

/** A page of documents, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

export interface PageRequest {
  /** 1 to 100; 20 if absent. */
  readonly limit?: string | undefined;
  /** The id after which the page begins (older ones). */
  readonly after?: string | undefined;
  /** The id before which the page ends (newer ones). */
  readonly before?: string | undefined;
}

/** Longer than any id. DynamoDB refuses a key that is too long with an error. */
const MAX_ID_LENGTH = 500;

interface Listed extends Document {
  readonly id: string;
  readonly createdAtMs: number;
}

/** Reads a page of a partition's list, newest first. */
export async function listPage<T extends Listed>(
  table: Table,
  partition: string,
  keyOf: (id: string) => string,
  request: PageRequest,
): Promise<Page<T>> {
  const placeOf = async (id: string) => {
    const anchor = await table.get<T>(keyOf(id));
    return anchor && timeSort(anchor.createdAtMs, anchor.id);
  };
  const { items, hasMore } = await entryPage(table, { index: 'list', partition }, placeOf, request);
  const documents = await table.getMany<T>(items.map(({ key }) => key));
  return { items: documents.filter((document) => document !== undefined), hasMore };
}

/** Reads a page of the entries of an index, newest first; `placeOf` answers the sort value of the entry that an id names. */
export async function entryPage(
  table: Pick<Table, 'query'>,
  { index, partition }: Pick<Query, 'index' | 'partition'>,
  placeOf: (id: string) => Promise<string | undefined>,
  { limit: limitText = '20', after, before }: PageRequest,
): Promise<Page<Entry>> {
  const limit = parseWhole(limitText, 'limit', 1, 100);
  const cursor = after ?? before;
  const place = cursor === undefined || cursor.length > MAX_ID_LENGTH ? undefined : await placeOf(cursor);
  if (cursor !== undefined && place === undefined)
    throw notFound(`The id given as \`${after === undefined ? 'before' : 'after'}\``);
  // Towards newer entries, so that the page ends right before the id.
  const towardsNewer = after === undefined && before !== undefined;
  const entries = await table.query({
    index,
    partition,
    limit: limit + 1,
    order: towardsNewer ? 'ascending' : 'descending',
    ...(place === undefined ? {} : { after: place }),
  });
  const page = entries.slice(0, limit);
  if (towardsNewer) page.reverse();
  return { items: page, hasMore: entries.length > limit };
}

/** The same for a list in memory, in its own order; `after` and `before` are ids as `idOf` answers them. */
export function pageOf<T>(
  all: readonly T[],
  idOf: (item: T) => string,
  { limit: limitText = '20', after, before }: PageRequest,
): Page<T> {
  const limit = parseWhole(limitText, 'limit', 1, 100);
  const cursor = after ?? before;
  const anchor = cursor === undefined ? -1 : all.findIndex((item) => idOf(item) === cursor);
  if (cursor !== undefined && anchor < 0)
    throw notFound(`The id given as \`${after === undefined ? 'before' : 'after'}\``);
  if (after !== undefined || before === undefined)
    return { items: all.slice(anchor + 1, anchor + 1 + limit), hasMore: all.length > anchor + 1 + limit };
  return { items: all.slice(Math.max(0, anchor - limit), anchor), hasMore: anchor > limit };
}
