import { findById } from '../document/find-by-id.ts';
import { timeSort } from '../document/time-sort.ts';
import { notFound } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import { countKey, type SegmentCount } from './membership.ts';
import { SEGMENT_PARTITION, type Segment, segmentKey } from './segment.ts';

/** The name that the caller used: segments were audiences before. */
export type SegmentWord = 'segment' | 'audience';

/** The segment with this id; 404 if there is none. */
export const findSegment = (table: Pick<Table, 'get'>, id: string, word: SegmentWord = 'segment'): Promise<Segment> =>
  findById<Segment>(table, id, segmentKey, shown[word]);

const shown = { segment: 'Segment', audience: 'Audience' } as const;
export const noSegment = (word: SegmentWord = 'segment') => notFound(shown[word]);

/** The segments with these ids, in order; undefined where there is none. */
export const getSegments = (table: Pick<Table, 'getMany'>, ids: readonly string[]): Promise<(Segment | undefined)[]> =>
  table.getMany<Segment>(ids.map(segmentKey));

/** Creates a segment without members. */
export async function createSegment(
  name: string,
  { table, now, newId }: { readonly table: Table; readonly now: () => number; readonly newId: () => string },
): Promise<Segment> {
  const segment: Segment = { id: newId(), name, createdAtMs: now() };
  const { id, createdAtMs } = segment;
  const count: SegmentCount = { members: 0, revision: 1 };
  const list = { partition: SEGMENT_PARTITION, sort: timeSort(createdAtMs, id) };
  await Promise.all([
    table.insert({ key: countKey(id), fields: count }),
    table.insert({ key: segmentKey(id), fields: segment, list }),
  ]);
  return segment;
}

/** Renames a segment; 404 if there is none. */
export async function renameSegment(
  table: Table,
  id: string,
  name: string,
  word: SegmentWord = 'segment',
): Promise<void> {
  const { applied } = isId(id) ? await table.update(segmentKey(id), { set: { name } }) : { applied: false };
  if (!applied) throw noSegment(word);
}
