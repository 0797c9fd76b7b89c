import { type Context, Hono } from 'hono';
import { memberCount, memberCounts } from '../../core/audience/membership.ts';
import { type AudienceDependencies, deleteSegment } from '../../core/audience/removal.ts';
import { SEGMENT_PARTITION, type Segment, segmentKey } from '../../core/audience/segment.ts';
import { createSegment, findSegment, renameSegment } from '../../core/audience/segments.ts';
import { listPage } from '../../core/document/list.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { segmentMembers } from './members.ts';
import { changeSegmentSchema, createSegmentSchema } from './schema.ts';
import { countedSegment } from './view.ts';

export interface SegmentDependencies extends AudienceDependencies {
  readonly newId: () => string;
}

const FIELDS = Object.keys(createSegmentSchema.def.shape);

/** The routes under `/segments`, and under `/audiences`, the name that segments had before. */
export function segmentRoutes(dependencies: SegmentDependencies, object: 'segment' | 'audience'): Hono<Caller> {
  const { table } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const { name } = validate(createSegmentSchema, value, FIELDS);
    const { id } = await createSegment(name, dependencies);
    return context.json({ object, id, name }, 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<Segment>(table, SEGMENT_PARTITION, segmentKey, context.req.query());
    const counts = await memberCounts(
      table,
      items.map(({ id }) => id),
    );
    const data = items.map((segment, index) => countedSegment(segment, counts[index] ?? 0));
    return context.json({ object: 'list', has_more: hasMore, data });
  });

  routes.get('/:id', async (context) => {
    const id = idOf(context);
    const [segment, contacts] = await Promise.all([findSegment(table, id, object), memberCount(table, id)]);
    return context.json({ object, ...countedSegment(segment, contacts) });
  });

  routes.patch('/:id', async (context) => {
    const { value } = await readJson(context);
    const { name } = validate(changeSegmentSchema, value, FIELDS);
    await renameSegment(table, idOf(context), name, object);
    return context.json({ object, id: idOf(context) });
  });

  // Resend answers the same for a segment that never existed.
  routes.delete('/:id', async (context) => {
    await deleteSegment(dependencies, idOf(context), object);
    return context.json({ object, id: idOf(context), deleted: true });
  });

  routes.get('/:id/contacts', async (context) => {
    const { id } = await findSegment(table, idOf(context), object);
    return context.json(await segmentMembers(table, id, context.req.query()));
  });
  return routes;
}

const idOf = (context: Context): string => context.req.param('id') ?? '';
