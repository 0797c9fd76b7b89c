import { emailShards, shardOf } from '../../functions/adapters/aws/dynamodb/shards.ts';
import type {
  Change,
  Entry,
  IndexEntry,
  IndexName,
  NewDocument,
  Query,
  Table,
} from '../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';
import { createMemoryIndex } from '../helpers/memory-index.ts';
import type { SimulatedTime } from '../helpers/simulated-time.ts';

/** What DynamoDB takes: write units a second of the table, and of one partition key (a shard of an index, one document). */
export interface Capacity {
  readonly tableUnits: number;
  readonly keyUnits: number;
}

export interface MeteredTable extends Table {
  /** Inserts what was there before: takes no time and no units. */
  preload(document: NewDocument): Promise<void>;
  /** Removes what nobody asks for again: takes no time and no units. */
  forget(key: string): void;
  /** Write units so far. */
  readonly totalUnits: () => number;
  /** Write units in the busiest second, by `table`, `list#<shard>`, or the key of a hot document. */
  peak(name: string): number;
  /** The busiest shard of the list. */
  peakOfList(): number;
  /** Writes that were refused and tried again. */
  readonly throttled: () => number;
}

const UNIT_BYTES = 1024;
const HOT = /^(slots|sending)/;
const LARGE = /^broadcast-chunk#/;
/** How soon the SDK tries a throttled call again, in ms. */
const RETRY_MS = 50;

/** A table in memory with the latencies, shards and limits of DynamoDB. A call takes about 5 ms of `time`. */
export function createMeteredTable(
  time: SimulatedTime,
  shards: number,
  capacity: Capacity,
  random: () => number,
): MeteredTable {
  const { table } = createMemoryBackend({ now: time.now });
  const options = emailShards(shards);
  /** A partition for each shard. */
  const shardsOfIndexes = createMemoryIndex();
  const places = new Map<string, Partial<Record<IndexName, IndexEntry>>>();
  const used = new Map<string, { second: number; units: number; peak: number }>();
  let [throttled, total] = [0, 0];

  /** False when the second has no room for these units. */
  const take = (name: string, units: number, most: number): boolean => {
    const second = Math.floor(time.now() / 1_000);
    const meter = used.get(name) ?? { second, units: 0, peak: 0 };
    used.set(name, meter);
    if (meter.second !== second) Object.assign(meter, { second, units: 0 });
    if (meter.units + units > most) return false;
    meter.units += units;
    meter.peak = Math.max(meter.peak, meter.units);
    return true;
  };
  const write = async (key: string, bytes: number, entries: readonly (readonly [IndexName, IndexEntry])[]) => {
    const units = Math.ceil(bytes / UNIT_BYTES);
    for (;;) {
      await time.wait(4 + 4 * random());
      const listed = entries.map(([index, { partition, sort }]) => `${index}#${shardOf(partition, sort, options)}`);
      const fits =
        (!HOT.test(key) || take(key, units, capacity.keyUnits)) &&
        listed.every((name) => take(name, 1, capacity.keyUnits)) &&
        take('table', units, capacity.tableUnits);
      if (fits) {
        total += units + entries.length;
        return;
      }
      throttled++;
      await time.wait(RETRY_MS * (0.5 + random()));
    }
  };
  const move = (key: string, index: IndexName, to: IndexEntry | null | undefined) => {
    if (to === undefined) return;
    const own = places.get(key) ?? {};
    places.set(key, own);
    const inShard = ({ partition, sort }: IndexEntry): IndexEntry => ({
      partition: `${index} ${partition} ${shardOf(partition, sort, options)}`,
      sort,
    });
    if (own[index]) shardsOfIndexes.remove(key, inShard(own[index]));
    delete own[index];
    if (to === null) return;
    shardsOfIndexes.add(key, inShard(to));
    own[index] = to;
  };
  const entriesOf = ({ list, due }: Pick<Change, 'list' | 'due'>) =>
    (['list', 'due'] as const).flatMap((index) => {
      const entry = index === 'list' ? list : due;
      return entry ? [[index, entry] as const] : [];
    });
  const readPart = ({ index, partition, ...range }: Query, part: number): Entry[] =>
    shardsOfIndexes.query({ ...range, partition: `${index} ${partition} ${part}`, order: 'ascending' });
  const parts = async () => Array.from({ length: shards }, (_, part) => part);

  return {
    async get(key) {
      await time.wait(4 + 4 * random());
      return table.get(key);
    },
    async getMany(keys) {
      await time.wait(8 + 4 * random());
      return table.getMany(keys);
    },
    async insert(document) {
      await write(document.key, JSON.stringify(document.fields).length, entriesOf(document));
      const outcome = await table.insert<never>(document);
      if (outcome.applied) for (const [index, entry] of entriesOf(document)) move(document.key, index, entry);
      return outcome;
    },
    async preload(document) {
      await table.insert(document);
      for (const [index, entry] of entriesOf(document)) move(document.key, index, entry);
    },
    forget(key) {
      move(key, 'list', null);
      move(key, 'due', null);
      places.delete(key);
      void table.delete(key);
    },
    totalUnits: () => total,
    async update(key, change, anyOf) {
      // A record of one recipient has less than 1 KB; a chunk of a broadcast has more.
      const bytes = LARGE.test(key) ? JSON.stringify((await table.get(key)) ?? {}).length : UNIT_BYTES;
      await write(key, bytes, entriesOf(change));
      const outcome = await table.update<never>(key, change, anyOf);
      if (outcome.applied) {
        move(key, 'list', change.list);
        move(key, 'due', change.due);
      }
      return outcome;
    },
    delete: (key, anyOf) => table.delete(key, anyOf),
    async query(query) {
      await time.wait(5 + 3 * random());
      const read = query.part === undefined ? await parts() : [query.part];
      const all = read.flatMap((part) => readPart(query, part));
      return all.sort((a, b) => (a.sort < b.sort ? -1 : 1)).slice(0, query.limit);
    },
    parts,
    peak: (name) => used.get(name)?.peak ?? 0,
    peakOfList: () =>
      Math.max(0, ...[...used].filter(([name]) => name.startsWith('list#')).map(([, { peak }]) => peak)),
    throttled: () => throttled,
  };
}
