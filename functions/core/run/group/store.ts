import type { Page } from '../../document/list.ts';
import { notFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import type { Table } from '../../ports/table.ts';
import { parseWhole } from '../../validate.ts';
import { type RunRecord, runKey } from '../run.ts';
import { memberRunId } from './accept.ts';
import { thenRunId } from './finish.ts';
import {
  type GroupShard,
  groupKey,
  letterOf,
  lettersOf,
  piecesOf,
  type RunGroup,
  SHARD_MEMBERS,
  shardKey,
} from './group.ts';

/** A group as it is shown. */
export interface GroupView {
  readonly id: string;
  readonly createdAtMs: number;
  /** False while members are still accepted. */
  readonly closed: boolean;
  /** Members accepted so far. */
  readonly total: number;
  readonly succeeded: number;
  /** Failed, canceled or expired. */
  readonly failed: number;
  readonly endedAtMs?: number;
  /** The task of the run that follows, and the id that its run has or will have. */
  readonly then?: { readonly task: string; readonly runId: string };
}

/** Reads a group; undefined if there is none, or it has expired. Reads the group and the shards that are not done. */
export async function readGroup(table: Pick<Table, 'get' | 'getMany'>, id: string): Promise<GroupView | undefined> {
  const group = isId(id) ? await table.get<RunGroup>(groupKey(id)) : undefined;
  if (!group) return undefined;
  const { createdAtMs, endedAtMs, then } = group;
  const shards = piecesOf(group).flatMap(({ first, size }) =>
    Array.from({ length: Math.ceil(size / SHARD_MEMBERS) }, (_, index) => ({
      number: first / SHARD_MEMBERS + index,
      size: Math.min(SHARD_MEMBERS, size - index * SHARD_MEMBERS),
    })),
  );
  const open = shards.filter(({ number }) => group[`s${number}`] === undefined);
  const documents = await table.getMany<GroupShard>(
    open.map(({ number }) => shardKey(id, number)),
    { mayLag: true },
  );
  const letters = documents.flatMap((shard) => (shard ? lettersOf(shard) : []));
  const done = shards.filter(({ number }) => group[`s${number}`] !== undefined);
  const ended = sum(done.map(({ size }) => size)) + letters.length;
  const succeeded =
    sum(done.map(({ number }) => group[`s${number}`] ?? 0)) +
    letters.filter((letter) => letter === letterOf('succeeded')).length;
  return {
    id,
    createdAtMs,
    closed: group.total !== undefined,
    total: sum(shards.map(({ size }) => size)),
    succeeded,
    failed: ended - succeeded,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits the view
    ...(then ? { then: { task: then.task, runId: thenRunId(id) } } : {}),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export interface MemberRequest {
  /** 1 to 100; 20 if absent. */
  readonly limit?: string | undefined;
  /** The id of a member, after or before which the page is. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** A page of the runs of a group, in the order of its members; without those that have expired. 404 if there is no such group. */
export async function listMembers(
  table: Pick<Table, 'get' | 'getMany'>,
  id: string,
  { limit: limitText = '20', after, before }: MemberRequest,
): Promise<Page<RunRecord>> {
  const limit = parseWhole(limitText, 'limit', 1, 100);
  const group = await readGroup(table, id);
  if (!group) throw notFound('Group');
  const cursor = after ?? before;
  const place = cursor === undefined ? undefined : await placeOf(table, id, cursor);
  if (cursor !== undefined && place === undefined)
    throw notFound(`The id given as \`${after === undefined ? 'before' : 'after'}\``);
  const towardsFirst = after === undefined && place !== undefined;
  const from = place === undefined ? 0 : towardsFirst ? Math.max(0, place - limit) : place + 1;
  const end = towardsFirst ? place : Math.min(group.total, from + limit);
  const members = Array.from({ length: Math.max(0, end - from) }, (_, index) => runKey(memberRunId(id, from + index)));
  const runs = await table.getMany<RunRecord>(members);
  return { items: runs.filter((run) => run !== undefined), hasMore: towardsFirst ? from > 0 : end < group.total };
}

async function placeOf(table: Pick<Table, 'get'>, group: string, run: string): Promise<number | undefined> {
  const record = isId(run) ? await table.get<RunRecord>(runKey(run)) : undefined;
  return record?.group?.id === group ? record.group.member : undefined;
}
