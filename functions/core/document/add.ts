import type { Condition, Document, NewDocument, Table } from '../ports/table.ts';
import { idleWriters, type Writer, writerField } from './writers.ts';

/** Numbers to add to the fields of a document. */
export interface Addition {
  readonly key: string;
  readonly add: { readonly [field: string]: number };
  /** The document expires then, epoch ms; absent: that stays as it is. */
  readonly expiresAtMs?: number;
  /** Nothing is added to a document that is there unless one of these conditions holds. */
  readonly anyOf?: readonly Condition[];
  /** Adds once, also when an answer is lost and the write is repeated. Absent: the numbers may then be added twice. */
  readonly writer?: Writer | undefined;
}

/** Writers that are no longer at work are removed from a document together: each removal is a write. */
const REMOVED_TOGETHER = 16;

/**
 * Adds to numbers of a document; creates it with them if there is none. `creation` answers what a new document has besides; undefined:
 * none is created, and nothing is added.
 */
export async function addOrCreate(
  table: Pick<Table, 'insert' | 'update'>,
  { key, anyOf, writer, ...change }: Addition,
  creation: () => Promise<Partial<Pick<NewDocument, 'fields' | 'list'>> | undefined> = async () => ({}),
): Promise<void> {
  const stamp = writer && { [writerField(writer)]: writer.sequence };
  const update = () => table.update(key, { ...change, ...(stamp ? { set: stamp } : {}) }, onceBy(writer, anyOf));
  const { applied: added, document } = await update();
  if (document && writer) await removeIdle(table, key, document, writer);
  if (added || document) return;
  const besides = await creation();
  if (!besides) return;
  const { add, ...expiry } = change;
  const { applied } = await table.insert({
    key,
    ...besides,
    fields: { ...besides.fields, ...add, ...stamp },
    ...expiry,
  });
  // Another process created it meanwhile.
  if (!applied) await update();
}

/** The conditions, each with the one that this writer has not made the addition yet. */
function onceBy(writer: Writer | undefined, anyOf: readonly Condition[] | undefined): readonly Condition[] | undefined {
  if (!writer) return anyOf;
  const field = writerField(writer);
  return (anyOf ?? [{}]).flatMap((condition) => [
    { ...condition, [field]: { exists: false } },
    { ...condition, [field]: { below: writer.sequence } },
  ]);
}

async function removeIdle(table: Pick<Table, 'update'>, key: string, document: Document, writer: Writer) {
  const remove = idleWriters(document, writer);
  if (remove.length >= REMOVED_TOGETHER) await table.update(key, { remove });
}
