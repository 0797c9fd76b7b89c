import type { Page } from '../../document/list.ts';
import type { Table } from '../../ports/table.ts';
import type { RunRecord } from '../run.ts';

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
export async function readGroup(_table: Pick<Table, 'get' | 'getMany'>, _id: string): Promise<GroupView | undefined> {
  throw new Error('to come');
}

export interface MemberRequest {
  /** 1 to 100; 20 if absent. */
  readonly limit?: string | undefined;
  /** The id of a member, after or before which the page is. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** A page of the runs of a group, in the order of its members; 404 if there is no such group. */
export async function listMembers(
  _table: Pick<Table, 'get' | 'getMany'>,
  _id: string,
  _request: MemberRequest,
): Promise<Page<RunRecord>> {
  throw new Error('to come');
}
