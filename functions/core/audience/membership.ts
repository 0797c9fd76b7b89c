import { addOrCreate } from '../document/add.ts';
import { entryPage, type Page, type PageRequest } from '../document/list.ts';
import { entryPages } from '../document/pages.ts';
import { idIn, timeSort } from '../document/time-sort.ts';
import type { AsWriter, Writer } from '../document/writers.ts';
import type { Query, Table } from '../ports/table.ts';
import { slices } from '../slices.ts';

/** A contact in a segment. */
export type Member = {
  readonly segmentId: string;
  readonly contactId: string;
  readonly createdAtMs: number;
  /**
   * Names the addition that counts it: an insertion whose answer was lost finds it and counts. Absent on members that earlier versions added.
   */
  readonly by?: string;
};

/** The dependencies of changes of members. */
export interface MemberWrites {
  readonly table: Table;
  readonly asWriter: AsWriter;
}

/** The number of a segment's members. */
export type SegmentCount = {
  readonly members: number;
  /** Counts the changes; a recount compares it. */
  readonly revision: number;
};

/** Members to write or delete side by side. */
const AT_ONCE = 100;

export const memberKey = (segmentId: string, contactId: string): string => `member#${segmentId}#${contactId}`;
export const countKey = (segmentId: string): string => `segment-count#${segmentId}`;
/** The members of a segment, in the `list` index. */
export const membersPartition = (segmentId: string): string => `segment-members#${segmentId}`;
/** The memberships of a contact, in the `due` index, where nothing of them is due: it serves as a second listing. */
const membershipsPartition = (contactId: string): string => `segments-of#${contactId}`;

/**
 * Adds contacts to a segment; answers how many were not in it. Each is inserted if absent and counted once, with one addition for
 * all. After a crash between the two the count is too low until `recountMembers`.
 */
export const addMembers = (
  { table, asWriter }: MemberWrites,
  segmentId: string,
  contactIds: readonly string[],
  nowMs: number,
): Promise<number> =>
  asWriter(async (writer) => {
    const by = `${writer.id}-${writer.sequence}`;
    let added = 0;
    try {
      for (const some of slices([...new Set(contactIds)], AT_ONCE)) {
        const outcomes = await Promise.allSettled(
          some.map((contactId) => insertMember(table, { segmentId, contactId, createdAtMs: nowMs, by })),
        );
        added += outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed) throw failed.reason;
      }
    } finally {
      // Also after an error: what was inserted is not inserted again when the call is repeated.
      await addToCount(table, segmentId, added, writer);
    }
    return added;
  });

async function insertMember(table: Table, fields: Member): Promise<boolean> {
  const { segmentId, contactId, createdAtMs, by } = fields;
  const { applied, document } = await table.insert<Member>({
    key: memberKey(segmentId, contactId),
    fields,
    list: { partition: membersPartition(segmentId), sort: timeSort(createdAtMs, contactId) },
    due: { partition: membershipsPartition(contactId), sort: timeSort(createdAtMs, segmentId) },
  });
  return applied || document?.by === by;
}

/**
 * Removes a contact from a segment; answers whether it was in it. When the answer to the deletion is lost it is repeated, finds nothing
 * and is not counted: `leaveSegment` notices that.
 */
export async function removeMember(
  { table, asWriter }: MemberWrites,
  segmentId: string,
  contactId: string,
): Promise<boolean> {
  const deleted = await table.delete(memberKey(segmentId, contactId));
  if (deleted) await asWriter((writer) => addToCount(table, segmentId, -1, writer));
  return deleted;
}

/** Deletes memberships of a segment that is being deleted; they are not counted. */
export async function deleteMembers(table: Table, segmentId: string, contactIds: readonly string[]): Promise<void> {
  for (const some of slices(contactIds, AT_ONCE))
    await Promise.all(some.map((contactId) => table.delete(memberKey(segmentId, contactId))));
}

/**
 * Removes a contact from all segments that it was added to before a time or at it (epoch ms). Answers the segments from which it had gone
 * in this moment: by somebody else, or by a deletion whose answer was lost.
 */
export async function removeMemberships(on: MemberWrites, contactId: string, untilMs: number): Promise<string[]> {
  const gone: string[] = [];
  const query = {
    index: 'due',
    partition: membershipsPartition(contactId),
    order: 'ascending',
    limit: AT_ONCE,
  } as const;
  for await (const entries of entryPages(on.table, { ...query, before: timeSort(untilMs + 1, '') }))
    await Promise.all(
      entries.map(async ({ sort }) => {
        if (!(await removeMember(on, idIn(sort), contactId))) gone.push(idIn(sort));
      }),
    );
  return gone;
}

/** True if the contact is in the segment. */
export const isMember = async (table: Table, segmentId: string, contactId: string): Promise<boolean> =>
  (await table.get(memberKey(segmentId, contactId))) !== undefined;

async function addToCount(table: Table, segmentId: string, members: number, writer: Writer): Promise<void> {
  const add = { members, revision: 1 } satisfies SegmentCount;
  if (members !== 0) await addOrCreate(table, { key: countKey(segmentId), add, writer });
}

/** The number of a segment's members, with one read. It may be too low or too high after a crash, until it is counted again. */
export async function memberCount(table: Table, segmentId: string): Promise<number> {
  return membersOf(await table.get<SegmentCount>(countKey(segmentId)));
}

/** The numbers of members of these segments, in order, with one read. They may lag by a moment. */
export async function memberCounts(table: Pick<Table, 'getMany'>, segmentIds: readonly string[]): Promise<number[]> {
  const counts = await table.getMany<SegmentCount>(segmentIds.map(countKey), { mayLag: true });
  return counts.map(membersOf);
}

/** After a crash the stored number may be too low, even below zero, until `recountMembers`. */
const membersOf = (count: SegmentCount | undefined): number => Math.max(0, count?.members ?? 0);

/** A range of a segment's members, oldest first. */
export interface MemberRange {
  readonly contactIds: readonly string[];
  /** The place of each. */
  readonly cursors: readonly string[];
  /** The place of the last one, from which the next range follows; the given one if there are none. */
  readonly cursor: string | undefined;
  /** True if no member follows at the moment. */
  readonly ended: boolean;
}

/**
 * Up to `limit` (1 to 1,000) members of a segment after a cursor, in the order in which they were added. Each is in exactly one of
 * successive ranges; one that is added meanwhile comes last. With `beforeMs` (epoch ms) only those that were added before.
 */
export async function membersAfter(
  table: Pick<Table, 'query'>,
  segmentId: string,
  cursor: string | undefined,
  limit: number,
  beforeMs?: number,
): Promise<MemberRange> {
  const after = cursor === undefined ? {} : { after: cursor };
  const before = beforeMs === undefined ? {} : { before: timeSort(beforeMs, '') };
  const entries = await table.query({ ...segmentRange(segmentId), limit, ...after, ...before });
  return {
    contactIds: entries.map(({ sort }) => idIn(sort)),
    cursors: entries.map(({ sort }) => sort),
    cursor: entries.at(-1)?.sort ?? cursor,
    ended: entries.length < limit,
  };
}

/** All members of a segment, `limit` (1 to 1,000) at a time. */
export async function* memberPages(
  table: Pick<Table, 'query'>,
  segmentId: string,
  limit = 1_000,
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const entries of entryPages(table, { ...segmentRange(segmentId), limit }))
    yield entries.map(({ sort }) => idIn(sort));
}

/** A query of all members of a segment, oldest first. */
export const segmentRange = (segmentId: string): Omit<Query, 'limit'> => ({
  index: 'list',
  partition: membersPartition(segmentId),
  order: 'ascending',
});

/** The ids of the segments that a contact is in, oldest membership first; up to `limit`. */
export async function segmentIdsOf(table: Pick<Table, 'query'>, contactId: string, limit = 100): Promise<string[]> {
  const partition = membershipsPartition(contactId);
  const entries = await table.query({ index: 'due', partition, order: 'ascending', limit });
  return entries.map(({ sort }) => idIn(sort));
}

/** A page of a segment's members, the newest first; the cursors are ids of contacts. */
export async function memberPage(table: Table, segmentId: string, request: PageRequest): Promise<Page<string>> {
  const place = async (contactId: string) => {
    const member = await table.get<Member>(memberKey(segmentId, contactId));
    return member && timeSort(member.createdAtMs, contactId);
  };
  const of = { index: 'list', partition: membersPartition(segmentId) } as const;
  const { items, hasMore } = await entryPage(table, of, place, request);
  return { items: items.map(({ sort }) => idIn(sort)), hasMore };
}

/** A page of the ids of the segments that a contact is in, the newest membership first; the cursors are ids of segments. */
export async function membershipPage(table: Table, contactId: string, request: PageRequest): Promise<Page<string>> {
  const place = async (segmentId: string) => {
    const member = await table.get<Member>(memberKey(segmentId, contactId));
    return member && timeSort(member.createdAtMs, segmentId);
  };
  const of = { index: 'due', partition: membershipsPartition(contactId) } as const;
  const { items, hasMore } = await entryPage(table, of, place, request);
  return { items: items.map(({ sort }) => idIn(sort)), hasMore };
}
