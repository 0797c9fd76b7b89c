import { notFound } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Document, Table } from '../ports/table.ts';

/** The document of the thing with this id; a 404 with its name if there is none, or if the text cannot be an id. */
export async function findById<T extends Document>(
  table: Pick<Table, 'get'>,
  id: string,
  keyOf: (id: string) => string,
  name: string,
): Promise<T> {
  const found = isId(id) ? await table.get<T>(keyOf(id)) : undefined;
  if (!found) throw notFound(name);
  return found;
}
