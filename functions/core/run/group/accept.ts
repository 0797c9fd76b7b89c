import { invalid, notFound, SendoffError } from '../../errors.ts';
import { derivedId } from '../../ids.ts';
import { type AcceptDependencies, acceptRuns } from '../accept/accept.ts';
import type { AcceptRequest } from '../accept/request.ts';
import { finishGroup } from './finish.ts';
import {
  type GroupShard,
  type GroupThen,
  groupKey,
  MOST_MEMBERS,
  PIECE_MEMBERS,
  piecesOf,
  type RunGroup,
  SHARD_MEMBERS,
  shardKey,
} from './group.ts';

/** A call of a group: the group gives it its id. */
export type MemberCall = Omit<AcceptRequest, 'id' | 'group' | 'idempotencyKey' | 'uniqueMs'>;

export interface NewGroup {
  readonly then?: GroupThen | undefined;
  readonly keyId?: string | undefined;
}

/** How long a group and its shards are kept. Members may be due 30 days ahead. */
const KEEP_MS = 60 * 86_400_000;
/** So many runs are accepted at once. */
const BATCH = 100;

/** Makes a group without members; answers its id. */
export async function createGroup(
  { then, keyId }: NewGroup,
  { backend, now, newId }: AcceptDependencies,
): Promise<string> {
  const id = newId();
  const createdAtMs = now();
  const fields = { id, createdAtMs, then, keyId };
  await backend.table.insert({ key: groupKey(id), fields, expiresAtMs: createdAtMs + KEEP_MS });
  return id;
}

/** The id of the run of the member at this position. */
export const memberRunId = (group: string, member: number): string => derivedId('group-member', group, String(member));

/**
 * Accepts members of a group: at most 500, from the position `first`, a multiple of 100; each piece but the last one has a multiple of
 * 100 members. Pieces may come in any order, and again: a repeated one makes nothing twice. Answers the ids of the runs.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` when the group is closed, or the piece had another size before; 422.
 */
export async function addMembers(
  id: string,
  first: number,
  calls: readonly MemberCall[],
  dependencies: AcceptDependencies,
): Promise<string[]> {
  checkPiece(first, calls.length);
  const { table } = dependencies.backend;
  const group = await existing(id, dependencies);
  const ids = calls.map((_, index) => memberRunId(id, first + index));
  const piece = `p${first / SHARD_MEMBERS}` as const;
  // Noted last: all of it is accepted.
  if (group[piece] === calls.length) return ids;
  if (group.total !== undefined) throw conflict('The group is closed: it takes no more members.');
  if (group[piece] !== undefined) throw otherSize(first);
  // Before the runs: an end is marked in its shard.
  await insertShards(group, first, calls.length, dependencies);
  const requests = calls.map((call, index): AcceptRequest => {
    const member = first + index;
    return { ...call, task: { ...call.task, keep: true }, id: memberRunId(id, member), group: { id, member } };
  });
  for (let from = 0; from < requests.length; from += BATCH)
    await acceptRuns(requests.slice(from, from + BATCH), dependencies);
  const noted = await table.update(groupKey(id), { set: { [piece]: calls.length } }, [{ total: { exists: false } }]);
  if (!noted.applied) throw conflict('The group was closed meanwhile: it takes no more members.');
  return ids;
}

function checkPiece(first: number, size: number): void {
  if (!Number.isInteger(first) || first < 0 || first % SHARD_MEMBERS !== 0)
    throw invalid(`Invalid \`first\` field: it must be a multiple of ${SHARD_MEMBERS}.`);
  if (size < 1 || size > PIECE_MEMBERS) throw invalid(`A piece of a group has 1 to ${PIECE_MEMBERS} calls.`);
  if (first + size > MOST_MEMBERS)
    throw invalid(`A group has at most ${MOST_MEMBERS.toLocaleString('en-US')} members.`);
}

async function insertShards(
  { id, createdAtMs }: RunGroup,
  first: number,
  count: number,
  { backend: { table } }: AcceptDependencies,
): Promise<void> {
  const shards = Array.from({ length: Math.ceil(count / SHARD_MEMBERS) }, (_, index) => index);
  const inserted = await Promise.all(
    shards.map(async (index) => {
      const size = Math.min(SHARD_MEMBERS, count - index * SHARD_MEMBERS);
      const key = shardKey(id, first / SHARD_MEMBERS + index);
      const { document } = await table.insert<GroupShard>({
        key,
        fields: { size },
        expiresAtMs: createdAtMs + KEEP_MS,
      });
      return (document?.size ?? size) === size;
    }),
  );
  if (!inserted.every(Boolean)) throw otherSize(first);
}

/**
 * Ends the accept of members: when all have ended, the run of `then` begins. May be repeated. Answers the group.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` when a piece is missing.
 */
export async function closeGroup(id: string, dependencies: AcceptDependencies): Promise<RunGroup> {
  const { table } = dependencies.backend;
  let group = await existing(id, dependencies);
  if (group.total === undefined) {
    const total = totalOf(group);
    const outcome = await table.update<RunGroup>(groupKey(id), { set: { total } }, [{ total: { exists: false } }]);
    group = outcome.document ?? group;
    // A piece that was noted after the group was read would be left out; whoever closed first decides.
    if (outcome.applied && totalOf(group) !== total) {
      await table.update(groupKey(id), { remove: ['total'] });
      throw conflict('Members were added while the group was closed; close it again.');
    }
  }
  return (await finishGroup(group, dependencies)) ?? group;
}

/** The number of members if the pieces are all there. */
function totalOf(group: RunGroup): number {
  let total = 0;
  for (const { first, size } of piecesOf(group)) {
    if (first !== total)
      throw conflict(
        `The members of the group from the position ${Math.min(first, total)} on are missing or accepted twice.`,
      );
    total += size;
  }
  return total;
}

/** A group in one call: all its members, and what follows. Answers its id. */
export async function acceptGroup(
  members: readonly MemberCall[],
  group: NewGroup,
  dependencies: AcceptDependencies,
): Promise<string> {
  const id = await createGroup(group, dependencies);
  for (let first = 0; first < members.length; first += PIECE_MEMBERS)
    await addMembers(id, first, members.slice(first, first + PIECE_MEMBERS), dependencies);
  await closeGroup(id, dependencies);
  return id;
}

async function existing(id: string, { backend }: AcceptDependencies): Promise<RunGroup> {
  const group = await backend.table.get<RunGroup>(groupKey(id));
  if (!group) throw notFound('Group');
  return group;
}

const conflict = (message: string) => new SendoffError('invalid_parameter', 409, message);
const otherSize = (first: number) =>
  conflict(`The members from the position ${first} on were accepted already, in a piece of another size.`);
