import { derivedId } from '../../ids.ts';
import { type AcceptDependencies, acceptRun } from '../accept/accept.ts';
import type { EndedRun } from '../run.ts';
import {
  type GroupOutcome,
  type GroupShard,
  groupKey,
  letterOf,
  lettersOf,
  type RunGroup,
  SHARD_MEMBERS,
  shardKey,
} from './group.ts';

/** The run that follows a group has this id. */
export const thenRunId = (group: string): string => derivedId('group-then', group);

/**
 * Marks the end of a run in its group; the end of the last one begins the run of `then`. Everything here may be repeated: a mark is a
 * field of its own, and the run's id is derived. A run that is retried after the group has ended changes its mark alone.
 */
export const createMemberEnded =
  (dependencies: AcceptDependencies) =>
  async ({ group, status }: EndedRun): Promise<void> => {
    if (!group) return;
    const { table } = dependencies.backend;
    const shard = Math.floor(group.member / SHARD_MEMBERS);
    const mark = { [`m${group.member % SHARD_MEMBERS}`]: letterOf(status) };
    const { document } = await table.update<GroupShard>(shardKey(group.id, shard), { set: mark });
    // Without a document the group has expired.
    const letters = document ? lettersOf(document) : [];
    if (!document || letters.length < document.size) return;
    const succeeded = letters.filter((letter) => letter === letterOf('succeeded')).length;
    const marked = await table.update<RunGroup>(groupKey(group.id), { set: { [`s${shard}`]: succeeded } });
    if (marked.document) await finishGroup(marked.document, dependencies);
  };

/** Begins the run that follows if the group is closed and all its members have ended; answers the group as it then is. */
export async function finishGroup(group: RunGroup, dependencies: AcceptDependencies): Promise<RunGroup | undefined> {
  const { id, total, then, keyId, endedAtMs } = group;
  const succeeded = total === undefined ? undefined : succeededOf(group, total);
  if (total === undefined || succeeded === undefined || endedAtMs !== undefined) return group;
  if (then) {
    const outcome: GroupOutcome = { group: id, total, succeeded, failed: total - succeeded };
    const task = { name: then.task, priority: then.priority, keep: true, keepDays: then.keepDays };
    await acceptRun({ task, argsJson: JSON.stringify(outcome), id: thenRunId(id), keyId }, dependencies);
  }
  const { table } = dependencies.backend;
  const ended = { set: { endedAtMs: dependencies.now() } };
  return (await table.update<RunGroup>(groupKey(id), ended, [{ endedAtMs: { exists: false } }])).document;
}

/** How many members have succeeded; undefined unless all have ended. */
function succeededOf(group: RunGroup, total: number): number | undefined {
  let sum = 0;
  for (let shard = 0; shard * SHARD_MEMBERS < total; shard++) {
    const succeeded = group[`s${shard}`];
    if (succeeded === undefined) return undefined;
    sum += succeeded;
  }
  return sum;
}
