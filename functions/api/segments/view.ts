import type { Segment } from '../../core/audience/segment.ts';
import { iso } from '../../core/iso-time.ts';

/** A segment as lists show it. */
export const segmentRow = ({ id, name, createdAtMs }: Segment) => ({
  id,
  name,
  created_at: iso(createdAtMs),
});

/** The same with the number of its contacts, which is ours. */
export const countedSegment = (segment: Segment, contacts: number) => ({
  ...segmentRow(segment),
  contact_count: contacts,
});
