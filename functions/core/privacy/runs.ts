import { BODY_PREFIX, type DocumentScan, type StoredDocument } from '../document/scan.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Document, Table } from '../ports/table.ts';
import { endStatuses, runBodyKey, runKey } from '../run/run.ts';
import { readText } from '../run/stored-json.ts';
import { mentions, textsOf } from './mention.ts';

/** The stores that hold runs. */
export interface RunStores {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly scan: DocumentScan;
}

/** A run that names the address: one that may be deleted, or one that has not ended. */
export type RunFinding = 'run' | 'running';

/** Large arguments and results that one search reads: each is a request, and has up to 5 MB. */
export const MOST_RUN_BODIES = 1_000;
const BODIES_AT_ONCE = 20;
const isEnded = ({ status }: Document): boolean => endStatuses.some((known) => known === status);

export const isRunKey = (key: string): boolean => key.startsWith(runKey(''));

/** Searches runs: arguments, results, steps, errors and the calls that follow. */
export interface RunSearch {
  /** Undefined: the run does not name the address, as far as it was searched. */
  examine(stored: StoredDocument): Promise<RunFinding | undefined>;
  /** Large values that were not read, because `MOST_RUN_BODIES` were. */
  unread(): number;
}

/** Makes a search for the address; `bodies` holds the values that are too large for a record. */
export function createRunSearch(address: string, bodies: Pick<BodyStore, 'get'>): RunSearch {
  let read = 0;
  let unread = 0;
  const namesInBody = async (keys: readonly string[]): Promise<boolean> => {
    for (let start = 0; start < keys.length; start += BODIES_AT_ONCE) {
      const some = keys.slice(start, start + BODIES_AT_ONCE);
      const texts = await Promise.all(some.map((key) => readText({ body: key }, bodies)));
      if (texts.some((text) => text !== undefined && mentions(text, address))) return true;
    }
    return false;
  };
  return {
    examine: async ({ fields, text = '', expired }) => {
      const finding = expired || !fields || isEnded(fields) ? 'run' : 'running';
      if ((fields ? textsOf(fields) : [text]).some((one) => mentions(one, address))) return finding;
      const keys = Object.values(fields ?? {}).flatMap(bodyKeyOf);
      const allowed = keys.slice(0, MOST_RUN_BODIES - read);
      read += allowed.length;
      unread += keys.length - allowed.length;
      return (await namesInBody(allowed)) ? finding : undefined;
    },
    unread: () => unread,
  };
}

const bodyKeyOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null && 'body' in value && typeof value.body === 'string' ? [value.body] : [];

/** The keys of the bodies of these runs, by the run's key; also those that the record names no more. */
export async function findRunBodies(scan: DocumentScan, keys: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const prefix = runBodyKey('', '').slice(0, -1);
  for await (const page of scan.pages('bodies')) {
    for (const { key } of page) {
      if (!key.startsWith(BODY_PREFIX) || !key.startsWith(prefix)) continue;
      const [id = ''] = key.slice(prefix.length).split('/');
      if (keys.has(runKey(id))) found.set(runKey(id), [...(found.get(runKey(id)) ?? []), key]);
    }
  }
  return found;
}

/**
 * Deletes a run that has ended. Its bodies go first: after a crash in between, the record still leads to them.
 *
 * @throws when the run was retried meanwhile; its record then stays.
 */
export async function deleteRun(
  { table, bodies, scan }: RunStores,
  stored: Pick<StoredDocument, 'key' | 'expired'>,
  bodyKeys: readonly string[],
): Promise<void> {
  await Promise.all(bodyKeys.map((key) => bodies.delete(key)));
  if (stored.expired) return scan.delete(stored);
  if (await table.delete(stored.key, [{ status: { in: [...endStatuses] } }])) return;
  if ((await table.get(stored.key)) !== undefined) throw new Error('The run was retried and has not ended');
}
