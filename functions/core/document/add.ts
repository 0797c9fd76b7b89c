import type { NewDocument, Table } from '../ports/table.ts';

/** Numbers to add to the fields of a document. */
export interface Addition {
  readonly key: string;
  readonly add: { readonly [field: string]: number };
  /** The document expires then, epoch ms; absent: that stays as it is. */
  readonly expiresAtMs?: number;
}

/**
 * Adds to numbers of a document; creates it with them if there is none. `creation` answers what a new document has besides; undefined:
 * none is created, and nothing is added.
 */
export async function addOrCreate(
  table: Pick<Table, 'insert' | 'update'>,
  { key, ...change }: Addition,
  creation: () => Promise<Partial<Pick<NewDocument, 'fields' | 'list'>> | undefined> = async () => ({}),
): Promise<void> {
  if ((await table.update(key, change)).applied) return;
  const besides = await creation();
  if (!besides) return;
  const { add, ...expiry } = change;
  const { applied } = await table.insert({ key, ...besides, fields: { ...besides.fields, ...add }, ...expiry });
  // Another process created it meanwhile.
  if (!applied) await table.update(key, change);
}
