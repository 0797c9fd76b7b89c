import type { Segment } from '../../core/audience/segment.ts';
import { iso } from '../../core/iso-time.ts';

/** A segment as lists show it. */
export const segmentRow = ({ id, name, createdAtMs }: Segment) => ({
  id,
  name,
  created_at: iso(createdAtMs),
});
