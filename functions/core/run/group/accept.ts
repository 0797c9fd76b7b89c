import type { AcceptDependencies } from '../accept.ts';
import type { AcceptRequest } from '../request.ts';
import type { GroupThen, RunGroup } from './group.ts';

export interface NewGroup {
  readonly then?: GroupThen | undefined;
  readonly keyId?: string | undefined;
}

/** Makes a group without members; answers its id. */
export async function createGroup(_group: NewGroup, _dependencies: AcceptDependencies): Promise<string> {
  throw new Error('to come');
}

/**
 * Accepts members of a group: at most 500, from the position `first`, a multiple of 100; each piece but the last one has a multiple of
 * 100 members. Pieces may come in any order, and again: a repeated one makes nothing twice. Answers the ids of the runs.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` when the group is closed, or the piece had another size before; 422.
 */
export async function addMembers(
  _id: string,
  _first: number,
  _calls: readonly Omit<AcceptRequest, 'id' | 'group' | 'idempotencyKey'>[],
  _dependencies: AcceptDependencies,
): Promise<string[]> {
  throw new Error('to come');
}

/**
 * Ends the accept of members: when all have ended, the run of `then` begins. May be repeated. Answers the group.
 *
 * @throws 404 `not_found`; 409 `invalid_parameter` when a piece is missing.
 */
export async function closeGroup(_id: string, _dependencies: AcceptDependencies): Promise<RunGroup> {
  throw new Error('to come');
}
