import { SEGMENT_PARTITION, type Segment } from '../../functions/core/audience/segment.ts';
import { documentPages } from '../../functions/core/document/pages.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { Api } from './api.ts';
import { notFoundError, usageError } from './errors.ts';

type Segments = AsyncIterable<readonly Pick<Segment, 'id' | 'name'>[]>;

/** The segments, by the API. */
export async function* segmentsOfApi(api: Api): Segments {
  for (let after = ''; ; ) {
    const page = await api.ask('GET', `/segments?limit=100${after}`);
    yield page.data;
    if (!page.has_more) return;
    after = `&after=${page.data.at(-1).id}`;
  }
}

/** The segments, by the table. */
export const segmentsOf = (table: Table): Segments =>
  documentPages<Segment>(table, { index: 'list', partition: SEGMENT_PARTITION, limit: 100, order: 'descending' });

/** The id of the segment that has this name, or this id. */
export async function segmentIdOf(segments: Segments, nameOrId: string): Promise<string> {
  const found: string[] = [];
  for await (const page of segments)
    for (const { id, name } of page) if (id === nameOrId || name === nameOrId) found.push(id);
  const [id, another] = found;
  if (id === undefined) throw notFoundError(`No segment is called ${nameOrId}.`);
  if (another !== undefined) throw usageError(`${found.length} segments are called ${nameOrId}: give the id of one.`);
  return id;
}
