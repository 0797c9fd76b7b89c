import { createHash } from 'node:crypto';
import { EMAIL_PARTITION } from '../../../core/email/record.ts';
import type { IndexName } from '../../../core/ports/table.ts';

/** The shards of every partition but the wide ones, and the least of those. */
export const LEAST_SHARDS = 4;
/** The most shards that an entry can be in: options.indexShards goes no further. */
const MOST_SHARDS = 64;
/** How long it is taken as known which shards beyond the configured ones have entries. */
const KNOWN_FOR_MS = 3_600_000;

export interface ShardOptions {
  /** The shards that entries of wide partitions are spread over, 4 to 64. */
  readonly count: number;
  /** The partitions with so many writes that they need more than `LEAST_SHARDS`. */
  readonly isWide: (partition: string) => boolean;
}

/** Emails are the one partition with so many writes that it can need more shards. */
export const emailShards = (count: number = LEAST_SHARDS): ShardOptions => ({
  count,
  isWide: (partition) => partition === EMAIL_PARTITION,
});

/** The partition key of an entry in an index of the table. */
export const shardKey = (partition: string, shard: number): string => `${partition}#${shard}`;

/** The shard that a new entry is written to. */
export function shardOf(partition: string, sort: string, { count, isWide }: ShardOptions): number {
  return (createHash('sha1').update(sort).digest()[0] ?? 0) % (isWide(partition) ? count : LEAST_SHARDS);
}

/**
 * The shards to read. An earlier deployment may have spread a wide partition further: the shards beyond the configured ones are
 * looked through at the first query of a process and then once an hour, and those with an entry are read too.
 */
export function createShardsToRead(
  { count, isWide }: ShardOptions,
  hasEntries: (index: IndexName, partition: string, shard: number) => Promise<boolean>,
  now: () => number,
): (index: IndexName, partition: string) => Promise<readonly number[]> {
  const known = new Map<string, { readonly shards: Promise<readonly number[]>; readonly atMs: number }>();

  const look = async (index: IndexName, partition: string): Promise<readonly number[]> => {
    const further = range(count, MOST_SHARDS);
    const found = await Promise.all(further.map((shard) => hasEntries(index, partition, shard)));
    return [...range(0, count), ...further.filter((_, position) => found[position])];
  };

  return async (index, partition) => {
    if (!isWide(partition)) return range(0, LEAST_SHARDS);
    const name = `${index} ${partition}`;
    const standing = known.get(name);
    if (standing && now() - standing.atMs < KNOWN_FOR_MS) return standing.shards;
    const shards = look(index, partition);
    known.set(name, { shards, atMs: now() });
    shards.catch(() => known.delete(name));
    return shards;
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
