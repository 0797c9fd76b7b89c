import type { Segment } from '../../core/audience/segment.ts';

/** A segment as lists show it. */
export const segmentRow = ({ id, name, createdAtMs }: Segment) => ({
  id,
  name,
  created_at: new Date(createdAtMs).toISOString(),
});
