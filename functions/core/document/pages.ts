import type { Document, Entry, Query, ReadOptions, Table } from '../ports/table.ts';

/** One page of a listing. */
export interface CursorPage<T, Cursor> {
  readonly items: readonly T[];
  /** The cursor of the next page; absent on the last page. */
  readonly next?: Cursor | undefined;
}

/** Reads page after page, each one when the loop over them asks for it. */
export async function* pages<T, Cursor>(
  read: (cursor: Cursor | undefined) => Promise<CursorPage<T, Cursor>>,
): AsyncGenerator<readonly T[], void, undefined> {
  let cursor: Cursor | undefined;
  do {
    const { items, next } = await read(cursor);
    yield items;
    cursor = next;
  } while (cursor !== undefined);
}

/** The entries of an index, `limit` at a time; a page that has fewer is the last one. */
export function entryPages(
  table: Pick<Table, 'query'>,
  query: Query,
): AsyncGenerator<readonly Entry[], void, undefined> {
  return pages(async (after: string | undefined = query.after) => {
    const items = await table.query({ ...query, ...(after === undefined ? {} : { after }) });
    return { items, next: items.length < query.limit ? undefined : items.at(-1)?.sort };
  });
}

/** The documents of an index, page by page. Entries whose document has expired are left out. */
export async function* documentPages<T extends Document>(
  table: Table,
  query: Query,
): AsyncGenerator<readonly T[], void, undefined> {
  for await (const entries of entryPages(table, query)) yield await documentsOf<T>(table, entries);
}

/** The documents that these entries stand for, without those that have expired. */
export async function documentsOf<T extends Document>(
  table: Pick<Table, 'getMany'>,
  entries: readonly Entry[],
  options?: ReadOptions,
): Promise<T[]> {
  const documents = await table.getMany<T>(
    entries.map(({ key }) => key),
    options,
  );
  return documents.filter((document) => document !== undefined);
}
