import type { EndStatus } from '../run.ts';

/** The call that follows when all members of a group have ended. It gets `GroupOutcome` as its arguments. */
export type GroupThen = {
  readonly task: string;
  readonly priority: 'transactional' | 'bulk';
  readonly keepDays: number;
};

/** The arguments of the run that follows a group. */
export type GroupOutcome = {
  readonly group: string;
  readonly total: number;
  readonly succeeded: number;
  /** Failed, canceled or expired. */
  readonly failed: number;
};

/**
 * The document `run-group#<id>`. It is written once for each piece of members that is accepted, and once for each shard that is
 * done: 1,200 times for 100,000 members.
 */
export type RunGroup = {
  readonly id: string;
  readonly createdAtMs: number;
  readonly then?: GroupThen;
  readonly keyId?: string;
  /** Set when it is closed: no more members come. */
  readonly total?: number;
  readonly endedAtMs?: number;
  /** The number of members of the accepted piece that begins with this shard. */
  readonly [piece: `p${number}`]: number;
  /** How many members of this shard have succeeded, when all have ended. */
  readonly [shard: `s${number}`]: number;
};

/** A hundred members of a group, the document `run-group-shard#<group>#<number>`: under 1 KB, a write unit for each end. */
export type GroupShard = {
  /** How many members it has. */
  readonly size: number;
  /** How each ended: by the first letter of the status. */
  readonly [member: `m${number}`]: string;
};

export const SHARD_MEMBERS = 100;
/** The most members of a request. */
export const PIECE_MEMBERS = 500;
/** The most members of a group: its document holds a number for each shard. */
export const MOST_MEMBERS = 100_000;

export const groupKey = (id: string): string => `run-group#${id}`;
export const shardKey = (id: string, shard: number): string => `run-group-shard#${id}#${shard}`;
export const letterOf = (status: EndStatus): string => status.slice(0, 1);

/** The marks of the members that have ended. */
export const lettersOf = (shard: GroupShard): string[] =>
  Array.from({ length: shard.size }, (_, index) => shard[`m${index}`]).filter((letter) => letter !== undefined);

/** The accepted pieces, by the position of their first member. */
export const piecesOf = (group: RunGroup): { readonly first: number; readonly size: number }[] =>
  Object.entries(group)
    .flatMap(([field, size]) =>
      /^p\d+$/.test(field) && typeof size === 'number' ? [{ first: Number(field.slice(1)) * SHARD_MEMBERS, size }] : [],
    )
    .sort((one, other) => one.first - other.first);
