import { pages } from '../../core/document/pages.ts';
import {
  BODY_PREFIX,
  type DocumentScan,
  EMAIL_PREFIX,
  type StoredDocument,
  type StoredKind,
} from '../../core/document/scan.ts';
import { slices } from '../../core/slices.ts';
import { parseDocument } from './stored-document.ts';

/** Sends one command without the script; rejects with Redis' own error. */
export type RedisCommand = (...command: string[]) => Promise<unknown>;

/** Keys that Redis looks at in one step, including those of other deployments in the database. */
const SCAN_COUNT = '1000';
/** Documents in one answer; some are of 100 KB. */
const READ_AT_ONCE = 100;

const patterns: Readonly<Record<StoredKind, string>> = {
  emails: `${EMAIL_PREFIX}*`,
  bodies: `${BODY_PREFIX}*`,
  others: '*',
};

/** The scan of a deployment's documents in Redis; all their keys begin with `prefix`. */
export function createRedisScan(command: RedisCommand, prefix: string): DocumentScan {
  const pattern = prefix.replace(/[\\*?[\]^]/g, '\\$&');

  const read = async (keys: readonly string[]): Promise<StoredDocument[]> => {
    if (keys.length === 0) return [];
    const texts = (await command('MGET', ...keys.map((key) => prefix + key))) as readonly (string | null)[];
    // A key that was deleted meanwhile, or holds no string, has no document.
    return texts.flatMap((text, index) => (text === null ? [] : [storedDocument(keys[index] ?? '', text)]));
  };

  const keyPages = (kind: StoredKind) =>
    pages(async (cursor: string | undefined) => {
      const scan = ['SCAN', cursor ?? '0', 'MATCH', pattern + patterns[kind], 'COUNT', SCAN_COUNT];
      const [next, names] = (await command(...scan)) as readonly [string | number, readonly string[]];
      const keys = names.map((name) => name.slice(prefix.length)).filter((key) => isOf(kind, key));
      return { items: keys, next: String(next) === '0' ? undefined : String(next) };
    });

  return {
    async *pages(kind) {
      for await (const keys of keyPages(kind)) {
        if (kind === 'bodies') yield keys.map((key) => ({ key, expired: false }));
        else for (const some of slices(keys, READ_AT_ONCE)) yield await read(some);
      }
    },

    // Its members in the indexes are removed later, as those of expired documents are (lua/indexes.ts).
    delete: async ({ key }) => {
      await command('DEL', prefix + key);
    },
  };
}

const isOf = (kind: StoredKind, key: string): boolean =>
  kind !== 'others' || !(key.startsWith(EMAIL_PREFIX) || key.startsWith(BODY_PREFIX));

function storedDocument(key: string, text: string): StoredDocument {
  try {
    // Redis itself hides what has expired.
    const fields = parseDocument(text, 0);
    if (fields) return { key, expired: false, fields };
  } catch {
    // The key holds no document of ours: its text is searched.
  }
  return { key, expired: false, text };
}
